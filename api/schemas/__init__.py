"""The JSON of requests and answers; the answers' fields are the public ones."""
