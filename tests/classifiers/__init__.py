"""Tests of the classifiers: views are built by hand, and the reason is tested as well as the answer."""
