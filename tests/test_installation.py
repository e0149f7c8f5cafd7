"""The installation check of notebook 00 says what is wrong."""

from importlib import metadata

from lazylib.installation import check_installation


def test_a_complete_installation_is_said_to_be_well(capsys):
    check_installation()
    assert capsys.readouterr().out.startswith("✔")


def test_missing_and_old_packages_are_named(capsys, monkeypatch):
    real = metadata.version

    def version(name):
        if name == "jupyterlab":
            raise metadata.PackageNotFoundError(name)
        return "7.9.9" if name == "ipywidgets" else real(name)

    monkeypatch.setattr(metadata, "version", version)
    check_installation()
    said = capsys.readouterr().out
    assert "jupyterlab is missing" in said
    assert "ipywidgets 7.9.9 is too old; 8.1 or later is needed" in said
    assert "numpy" not in said and "make lab" in said


def test_an_environment_without_lazylib_is_named(capsys, monkeypatch):
    def requires(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    check_installation()
    assert "lazylib itself is not installed" in capsys.readouterr().out
