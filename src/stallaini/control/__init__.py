"""What a load may do and when: interlocks and rules. Pure: state in, decision out."""
