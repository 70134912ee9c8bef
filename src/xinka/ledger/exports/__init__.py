"""The books for other people's programs: tables for accountants, plain text for beancount. All of it is streamed."""
