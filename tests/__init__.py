"""A regular package: ``isic-cli`` installs one of the same name, which would come before a namespace."""
