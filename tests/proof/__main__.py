"""`python -m tests.proof` writes docs/proof.md from the results that are kept."""

from tests.proof import results

if __name__ == "__main__":
    results.write_page()
    print(f"{results.PAGE.relative_to(results.ROOT)} is written")
