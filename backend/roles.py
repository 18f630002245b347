"""What an admin may do; here, and light, as the command line's help needs it too."""

ROLES = {
    "owner": "manages accounts and reads the log, and all that editors do",
    "editor": "makes and changes studies, mixes and raters",
    "reader": "looks at studies and results, and downloads them",
}
"""The most first."""
