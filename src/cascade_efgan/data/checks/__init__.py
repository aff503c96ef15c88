"""What a person looks at before training: reports and pictures that show what is wrong with data."""
