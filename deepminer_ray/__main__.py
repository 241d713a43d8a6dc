"""`python -m deepminer_ray`: the command `deepminer`, also where it is not on the path."""

from deepminer_ray.cli import main

if __name__ == "__main__":
    main()
