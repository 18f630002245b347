"""How far raters agree with each other, whatever the truth.

Statistics take counts (images, categories), or the matrix of ratings (raters, images) where it matters who
rated what. All of them allow missing ratings, and speak of other images rated by these same raters.
"""

from backend.analysis.agreement.bootstrap import KappaBootstrap, bootstrap_kappa
from backend.analysis.agreement.categories import CategoryKappa, category_kappas
from backend.analysis.agreement.conger import conger_kappa
from backend.analysis.agreement.counts import category_counts, prevalence
from backend.analysis.agreement.details import (
    CategoryKappaResult,
    LeaveOneOutResult,
    category_kappa_results,
    leave_one_out_results,
)
from backend.analysis.agreement.estimate import Estimate
from backend.analysis.agreement.fleiss import FleissKappa, fleiss_kappa
from backend.analysis.agreement.gwet import gwet_ac1, percent_agreement
from backend.analysis.agreement.krippendorff import krippendorff_alpha
from backend.analysis.agreement.leave_one_out import KappaWithout, leave_one_rater_out
from backend.analysis.agreement.light import LightKappa, light_kappa
from backend.analysis.agreement.paper import fleiss_kappa_fixed_raters
from backend.analysis.agreement.profile import profile_interval
from backend.analysis.agreement.results import AgreementResult, agreement_results

__all__ = [
    "AgreementResult",
    "CategoryKappa",
    "CategoryKappaResult",
    "Estimate",
    "FleissKappa",
    "KappaBootstrap",
    "KappaWithout",
    "LeaveOneOutResult",
    "LightKappa",
    "agreement_results",
    "bootstrap_kappa",
    "category_counts",
    "category_kappa_results",
    "category_kappas",
    "conger_kappa",
    "fleiss_kappa",
    "fleiss_kappa_fixed_raters",
    "gwet_ac1",
    "krippendorff_alpha",
    "leave_one_out_results",
    "leave_one_rater_out",
    "light_kappa",
    "percent_agreement",
    "prevalence",
    "profile_interval",
]
