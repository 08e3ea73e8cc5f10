"""What is made of a lowered Program: the scripts of one version, from an engine's templates."""
