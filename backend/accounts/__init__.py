"""Admin accounts: roles, passwords, second factors, log-ins and their sessions."""

from backend.accounts.first import first_link, make_first_owner, open_first_link
from backend.accounts.logging_in import Browser, LoggedIn, awaited, change_password, give_code, log_in
from backend.accounts.managing import (
    activate,
    create_admin,
    deactivate,
    end_sessions,
    everyone,
    has_admin,
    has_one_time_password,
    remove,
    reset_password,
    reset_second_factor,
    set_role,
)
from backend.accounts.second_factor import (
    begin_second_factor,
    confirm_second_factor,
    enrolment,
    recovery_codes_left,
    second_factor_since,
    stop_second_factor,
)
from backend.accounts.sessions import (
    end_other_sessions,
    end_session,
    log_out,
    logged_in,
    sessions_of,
)

__all__ = [
    "Browser",
    "LoggedIn",
    "activate",
    "awaited",
    "begin_second_factor",
    "change_password",
    "confirm_second_factor",
    "create_admin",
    "deactivate",
    "end_other_sessions",
    "end_session",
    "end_sessions",
    "enrolment",
    "everyone",
    "first_link",
    "give_code",
    "has_admin",
    "has_one_time_password",
    "log_in",
    "log_out",
    "logged_in",
    "make_first_owner",
    "open_first_link",
    "recovery_codes_left",
    "remove",
    "reset_password",
    "reset_second_factor",
    "second_factor_since",
    "sessions_of",
    "set_role",
    "stop_second_factor",
]
