"""The paper's figures and some more, each as PNG for reading, PDF for papers and a JSON file with its caption."""
