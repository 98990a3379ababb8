"""Fixtures: a project for a test, and one project for all partitioned tables, which are built in one run."""

import pytest
from project import Project


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
