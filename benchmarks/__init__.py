"""The benchmarks of `make bench`; README.md beside this file explains them."""
