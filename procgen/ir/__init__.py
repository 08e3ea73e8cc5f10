"""The intermediate representation: what a model computes, with every missing value explicit."""
