"""The words and signs of equations, and how they are drawn."""

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip

SYMBOLS = {"sum": "∑", "prod": "∏", "infinity": "∞", "inf": "∞", "nabla": "∇", "partial": "∂"}

WORDS = {
    *SYMBOLS, "sigmoid", "tanh", "relu", "softmax", "softplus", "log", "exp", "sin", "cos",
    "min", "max", "sign", "Re", "Im", "diag", "noise", "mean",
}  # fmt: skip
"""What may stand without a bracket or a subscript after it; other words are taken for mistakes."""

CONNECTIVES = {
    "if", "else", "otherwise", "for", "and", "or", "where", "with", "each", "every", "all", "once",
    "per", "sequence", "step", "of", "from", "to", "is", "at", "not", "the", "then", "when",
    "number", "it", "NaN", "missing", "observed",
}  # fmt: skip
"""Words between formulas."""

ARTICLES = {"a", "an"}

RELATIONS = {
    "=": "=", ":=": "≔", "~": "∼", "<": "<", ">": ">", "<=": "≤", ">=": "≥", "!=": "≠",
    "->": "→", ":": ":", "in": "∈", "mod": "mod",
}  # fmt: skip

OPERATORS = {
    "+": "+", "-": "−", "*": "⊙", "@": "·", "/": "/", "//": "/", ".": "·", "odot": "⊙",
    "cdot": "·", "otimes": "⊗",
}  # fmt: skip

ACCENTS = {"hat": "^", "tilde": "~", "bar": "¯", "dot": "˙"}
PRIME, STAR, TRANSPOSED = "′", "∗", "⊤"
