#include "math/symbols.h"

#include <string.h>

#define ORD(name, text) { name, text, SOTTO_MATH_ORD, SOTTO_MATH_LIMITS_NEVER, FALSE }
#define BIN(name, text) { name, text, SOTTO_MATH_BIN, SOTTO_MATH_LIMITS_NEVER, FALSE }
#define REL(name, text) { name, text, SOTTO_MATH_REL, SOTTO_MATH_LIMITS_NEVER, FALSE }
#define OPEN(name, text) { name, text, SOTTO_MATH_OPEN, SOTTO_MATH_LIMITS_NEVER, FALSE }
#define CLOSE(name, text) { name, text, SOTTO_MATH_CLOSE, SOTTO_MATH_LIMITS_NEVER, FALSE }
#define PUNCT(name, text) { name, text, SOTTO_MATH_PUNCT, SOTTO_MATH_LIMITS_NEVER, FALSE }
#define INNER(name, text) { name, text, SOTTO_MATH_INNER, SOTTO_MATH_LIMITS_NEVER, FALSE }
#define SUM(name, text) { name, text, SOTTO_MATH_OP, SOTTO_MATH_LIMITS_DISPLAY, TRUE }
#define INTEGRAL(name, text) { name, text, SOTTO_MATH_OP, SOTTO_MATH_LIMITS_NEVER, TRUE }

static const SottoMathSymbol symbols[] = {
  /* Greek */
  ORD ("alpha", "α"), ORD ("beta", "β"), ORD ("gamma", "γ"), ORD ("delta", "δ"), ORD ("epsilon", "ϵ"),
  ORD ("varepsilon", "ε"), ORD ("zeta", "ζ"), ORD ("eta", "η"), ORD ("theta", "θ"), ORD ("vartheta", "ϑ"),
  ORD ("iota", "ι"), ORD ("kappa", "κ"), ORD ("varkappa", "ϰ"), ORD ("lambda", "λ"), ORD ("mu", "μ"), ORD ("nu", "ν"),
  ORD ("xi", "ξ"), ORD ("omicron", "ο"), ORD ("pi", "π"), ORD ("varpi", "ϖ"), ORD ("rho", "ρ"), ORD ("varrho", "ϱ"),
  ORD ("sigma", "σ"), ORD ("varsigma", "ς"), ORD ("tau", "τ"), ORD ("upsilon", "υ"), ORD ("phi", "ϕ"),
  ORD ("varphi", "φ"), ORD ("chi", "χ"), ORD ("psi", "ψ"), ORD ("omega", "ω"), ORD ("digamma", "ϝ"),
  ORD ("Gamma", "Γ"), ORD ("Delta", "Δ"), ORD ("Theta", "Θ"), ORD ("Lambda", "Λ"), ORD ("Xi", "Ξ"), ORD ("Pi", "Π"),
  ORD ("Sigma", "Σ"), ORD ("Upsilon", "Υ"), ORD ("Phi", "Φ"), ORD ("Psi", "Ψ"), ORD ("Omega", "Ω"),

  /* Letters that are none */
  ORD ("infty", "∞"), ORD ("partial", "∂"), ORD ("nabla", "∇"), ORD ("hbar", "ℏ"), ORD ("hslash", "ℏ"), ORD ("ell", "ℓ"),
  ORD ("Re", "ℜ"), ORD ("Im", "ℑ"), ORD ("wp", "℘"), ORD ("aleph", "ℵ"), ORD ("beth", "ℶ"), ORD ("gimel", "ℷ"),
  ORD ("imath", "ı"), ORD ("jmath", "ȷ"), ORD ("emptyset", "∅"), ORD ("varnothing", "∅"), ORD ("forall", "∀"),
  ORD ("exists", "∃"), ORD ("nexists", "∄"), ORD ("neg", "¬"), ORD ("lnot", "¬"), ORD ("top", "⊤"), ORD ("bot", "⊥"),
  ORD ("angle", "∠"), ORD ("measuredangle", "∡"), ORD ("triangle", "△"), ORD ("square", "□"), ORD ("Box", "□"),
  ORD ("blacksquare", "■"), ORD ("qed", "∎"), ORD ("Diamond", "◇"), ORD ("prime", "′"), ORD ("backprime", "‵"),
  ORD ("degree", "°"), ORD ("circledR", "®"), ORD ("checkmark", "✓"), ORD ("sharp", "♯"), ORD ("flat", "♭"),
  ORD ("natural", "♮"), ORD ("clubsuit", "♣"), ORD ("diamondsuit", "♢"), ORD ("heartsuit", "♡"), ORD ("spadesuit", "♠"),
  ORD ("surd", "√"), ORD ("complement", "∁"), ORD ("eth", "ð"), ORD ("dagger", "†"), ORD ("ddagger", "‡"), ORD ("S", "§"),
  ORD ("P", "¶"), ORD ("pounds", "£"), ORD ("euro", "€"), ORD ("yen", "¥"), ORD ("copyright", "©"),
  ORD ("%", "%"), ORD ("$", "$"), ORD ("#", "#"), ORD ("&", "&"), ORD ("_", "_"), ORD ("backslash", "\\"),
  ORD ("vert", "|"), ORD ("|", "‖"), ORD ("Vert", "‖"), ORD ("ldots", "…"), ORD ("vdots", "⋮"), ORD ("lbrack", "["),
  ORD ("textdegree", "°"), ORD ("AA", "Å"), ORD ("bigstar", "★"), ORD ("therefore", "∴"), ORD ("because", "∵"),
  INNER ("dots", "…"), INNER ("dotsc", "…"), INNER ("dotso", "…"), INNER ("cdots", "⋯"), INNER ("dotsb", "⋯"),
  INNER ("dotsm", "⋯"), INNER ("dotsi", "⋯"), INNER ("ddots", "⋱"), INNER ("iddots", "⋰"),

  /* Operators between two */
  BIN ("pm", "±"), BIN ("mp", "∓"), BIN ("times", "×"), BIN ("div", "÷"), BIN ("cdot", "⋅"), BIN ("ast", "∗"),
  BIN ("star", "⋆"), BIN ("circ", "∘"), BIN ("bullet", "∙"), BIN ("cap", "∩"), BIN ("cup", "∪"), BIN ("uplus", "⊎"),
  BIN ("sqcap", "⊓"), BIN ("sqcup", "⊔"), BIN ("vee", "∨"), BIN ("lor", "∨"), BIN ("wedge", "∧"), BIN ("land", "∧"),
  BIN ("setminus", "∖"), BIN ("smallsetminus", "∖"), BIN ("wr", "≀"), BIN ("diamond", "⋄"), BIN ("oplus", "⊕"),
  BIN ("ominus", "⊖"), BIN ("otimes", "⊗"), BIN ("oslash", "⊘"), BIN ("odot", "⊙"), BIN ("amalg", "⨿"),
  BIN ("bmod", "mod"), BIN ("ltimes", "⋉"), BIN ("rtimes", "⋊"), BIN ("veebar", "⊻"), BIN ("barwedge", "⊼"),
  BIN ("triangleleft", "◁"), BIN ("triangleright", "▷"), BIN ("bigtriangleup", "△"), BIN ("boxtimes", "⊠"),
  BIN ("boxplus", "⊞"), BIN ("centerdot", "⋅"), BIN ("intercal", "⊺"),

  /* Relations */
  REL ("leq", "≤"), REL ("le", "≤"), REL ("geq", "≥"), REL ("ge", "≥"), REL ("leqslant", "⩽"), REL ("geqslant", "⩾"),
  REL ("neq", "≠"), REL ("ne", "≠"), REL ("equiv", "≡"), REL ("sim", "∼"), REL ("simeq", "≃"), REL ("approx", "≈"),
  REL ("approxeq", "≊"), REL ("cong", "≅"), REL ("ncong", "≇"), REL ("propto", "∝"), REL ("varpropto", "∝"),
  REL ("doteq", "≐"), REL ("asymp", "≍"), REL ("ll", "≪"), REL ("gg", "≫"), REL ("lll", "⋘"), REL ("ggg", "⋙"),
  REL ("prec", "≺"), REL ("succ", "≻"), REL ("preceq", "⪯"), REL ("succeq", "⪰"), REL ("subset", "⊂"),
  REL ("supset", "⊃"), REL ("subseteq", "⊆"), REL ("supseteq", "⊇"), REL ("subsetneq", "⊊"), REL ("supsetneq", "⊋"),
  REL ("nsubseteq", "⊈"), REL ("nsupseteq", "⊉"), REL ("sqsubseteq", "⊑"), REL ("sqsupseteq", "⊒"), REL ("in", "∈"),
  REL ("ni", "∋"), REL ("owns", "∋"), REL ("notin", "∉"), REL ("mid", "∣"), REL ("nmid", "∤"), REL ("parallel", "∥"),
  REL ("nparallel", "∦"), REL ("perp", "⊥"), REL ("vdash", "⊢"), REL ("dashv", "⊣"), REL ("models", "⊨"),
  REL ("vDash", "⊨"), REL ("Vdash", "⊩"), REL ("nvdash", "⊬"), REL ("bowtie", "⋈"), REL ("triangleq", "≜"),
  REL ("coloneqq", "≔"), REL ("coloneq", "≔"), REL ("eqqcolon", "≕"), REL ("lesssim", "≲"), REL ("gtrsim", "≳"),
  REL ("lessgtr", "≶"), REL ("gtrless", "≷"), REL ("nless", "≮"), REL ("ngtr", "≯"), REL ("nleq", "≰"),
  REL ("ngeq", "≱"), REL ("colon", ":"), REL ("lt", "<"), REL ("gt", ">"), REL ("frown", "⌢"), REL ("smile", "⌣"),
  REL ("trianglelefteq", "⊴"), REL ("trianglerighteq", "⊵"), REL ("backsim", "∽"), REL ("risingdotseq", "≓"),

  /* Arrows */
  REL ("to", "→"), REL ("rightarrow", "→"), REL ("leftarrow", "←"), REL ("gets", "←"), REL ("leftrightarrow", "↔"),
  REL ("Rightarrow", "⇒"), REL ("Leftarrow", "⇐"), REL ("Leftrightarrow", "⇔"), REL ("longrightarrow", "⟶"),
  REL ("longleftarrow", "⟵"), REL ("longleftrightarrow", "⟷"), REL ("Longrightarrow", "⟹"), REL ("implies", "⟹"),
  REL ("Longleftarrow", "⟸"), REL ("impliedby", "⟸"), REL ("Longleftrightarrow", "⟺"), REL ("iff", "⟺"),
  REL ("mapsto", "↦"), REL ("longmapsto", "⟼"), REL ("hookrightarrow", "↪"), REL ("hookleftarrow", "↩"),
  REL ("uparrow", "↑"), REL ("downarrow", "↓"), REL ("updownarrow", "↕"), REL ("Uparrow", "⇑"), REL ("Downarrow", "⇓"),
  REL ("nearrow", "↗"), REL ("searrow", "↘"), REL ("swarrow", "↙"), REL ("nwarrow", "↖"), REL ("rightharpoonup", "⇀"),
  REL ("rightharpoondown", "⇁"), REL ("leftharpoonup", "↼"), REL ("leftharpoondown", "↽"),
  REL ("rightleftharpoons", "⇌"), REL ("leftrightharpoons", "⇋"), REL ("rightleftarrows", "⇄"),
  REL ("leftrightarrows", "⇆"), REL ("twoheadrightarrow", "↠"), REL ("rightarrowtail", "↣"), REL ("leadsto", "⇝"),
  REL ("rightsquigarrow", "⇝"), REL ("nrightarrow", "↛"), REL ("nRightarrow", "⇏"), REL ("circlearrowleft", "↺"),
  REL ("circlearrowright", "↻"), REL ("upharpoonright", "↾"), REL ("restriction", "↾"), REL ("multimap", "⊸"),

  /* Large operators */
  SUM ("sum", "∑"), SUM ("prod", "∏"), SUM ("coprod", "∐"), SUM ("bigcup", "⋃"), SUM ("bigcap", "⋂"),
  SUM ("bigvee", "⋁"), SUM ("bigwedge", "⋀"), SUM ("bigoplus", "⨁"), SUM ("bigotimes", "⨂"), SUM ("bigodot", "⨀"),
  SUM ("biguplus", "⨄"), SUM ("bigsqcup", "⨆"), INTEGRAL ("int", "∫"), INTEGRAL ("iint", "∬"), INTEGRAL ("iiint", "∭"),
  INTEGRAL ("oint", "∮"), INTEGRAL ("oiint", "∯"), INTEGRAL ("oiiint", "∰"),

  /* Delimiters */
  OPEN ("{", "{"), OPEN ("lbrace", "{"), OPEN ("langle", "⟨"), OPEN ("lfloor", "⌊"), OPEN ("lceil", "⌈"),
  OPEN ("lvert", "|"), OPEN ("lVert", "‖"), OPEN ("llbracket", "⟦"), OPEN ("ulcorner", "⌜"), OPEN ("lgroup", "("),
  CLOSE ("}", "}"), CLOSE ("rbrace", "}"), CLOSE ("rangle", "⟩"), CLOSE ("rfloor", "⌋"), CLOSE ("rceil", "⌉"),
  CLOSE ("rvert", "|"), CLOSE ("rVert", "‖"), CLOSE ("rrbracket", "⟧"), CLOSE ("rbrack", "]"), CLOSE ("urcorner", "⌝"),
  CLOSE ("rgroup", ")"),
};

/* What a key of the keyboard means in a formula */
static const SottoMathSymbol characters[] = {
  BIN ("+", "+"), BIN ("-", "−"), BIN ("*", "∗"), ORD ("/", "/"), REL ("=", "="), REL ("<", "<"), REL (">", ">"),
  REL (":", ":"), OPEN ("(", "("), OPEN ("[", "["), CLOSE (")", ")"), CLOSE ("]", "]"), CLOSE ("!", "!"),
  CLOSE ("?", "?"), PUNCT (",", ","), PUNCT (";", ";"), ORD (".", "."), ORD ("|", "|"), ORD ("@", "@"), ORD ("\"", "″"),
  ORD ("`", "‘"), BIN ("·", "⋅"), BIN ("−", "−"), BIN ("–", "−"),
};

typedef struct {
  const char *name;
  const char *text;
  SottoMathLimits limits;
} Function;

static const Function functions[] = {
  { "sin", NULL, 0 }, { "cos", NULL, 0 }, { "tan", NULL, 0 }, { "cot", NULL, 0 }, { "sec", NULL, 0 }, { "csc", NULL, 0 },
  { "arcsin", NULL, 0 }, { "arccos", NULL, 0 }, { "arctan", NULL, 0 }, { "sinh", NULL, 0 }, { "cosh", NULL, 0 },
  { "tanh", NULL, 0 }, { "coth", NULL, 0 }, { "log", NULL, 0 }, { "ln", NULL, 0 }, { "lg", NULL, 0 }, { "exp", NULL, 0 },
  { "arg", NULL, 0 }, { "deg", NULL, 0 }, { "dim", NULL, 0 }, { "hom", NULL, 0 }, { "ker", NULL, 0 },
  { "det", NULL, SOTTO_MATH_LIMITS_DISPLAY }, { "gcd", NULL, SOTTO_MATH_LIMITS_DISPLAY },
  { "inf", NULL, SOTTO_MATH_LIMITS_DISPLAY }, { "lim", NULL, SOTTO_MATH_LIMITS_DISPLAY },
  { "liminf", "lim inf", SOTTO_MATH_LIMITS_DISPLAY }, { "limsup", "lim sup", SOTTO_MATH_LIMITS_DISPLAY },
  { "max", NULL, SOTTO_MATH_LIMITS_DISPLAY }, { "min", NULL, SOTTO_MATH_LIMITS_DISPLAY },
  { "sup", NULL, SOTTO_MATH_LIMITS_DISPLAY }, { "Pr", NULL, SOTTO_MATH_LIMITS_DISPLAY },
  { "argmax", "arg max", SOTTO_MATH_LIMITS_DISPLAY }, { "argmin", "arg min", SOTTO_MATH_LIMITS_DISPLAY },
};

static GHashTable *
make_table (const SottoMathSymbol *from,
            gsize                  n,
            gboolean               by_text)
{
  GHashTable *table = g_hash_table_new (g_str_hash, g_str_equal);

  /* The first of several names of one character counts. */
  for (gsize i = n; i > 0; i--)
    g_hash_table_insert (table, (gpointer) (by_text ? from[i - 1].text : from[i - 1].name), (gpointer) &from[i - 1]);

  return table;
}

const SottoMathSymbol *
sotto_math_symbol_find (const char *name)
{
  static GHashTable *table;

  if (table == NULL)
    table = make_table (symbols, G_N_ELEMENTS (symbols), FALSE);

  return g_hash_table_lookup (table, name);
}

const SottoMathSymbol *
sotto_math_symbol_find_character (const char *character)
{
  static GHashTable *keys;
  static GHashTable *texts;
  const SottoMathSymbol *found;

  if (keys == NULL)
    {
      keys = make_table (characters, G_N_ELEMENTS (characters), FALSE);
      texts = make_table (symbols, G_N_ELEMENTS (symbols), TRUE);
    }

  found = g_hash_table_lookup (keys, character);

  return found != NULL ? found : g_hash_table_lookup (texts, character);
}

const char *
sotto_math_function_find (const char      *name,
                          SottoMathLimits *limits)
{
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    if (g_str_equal (functions[i].name, name))
      {
        *limits = functions[i].limits;
        return functions[i].text != NULL ? functions[i].text : functions[i].name;
      }

  return NULL;
}

/* --- Mathematical alphanumerics --- */

/* Letters that had their places before the others came */
static const struct {
  gunichar letter;
  SottoMathLetters letters;
  gunichar mapped;
} exceptions[] = {
  { 'C', SOTTO_MATH_DOUBLE_STRUCK, 0x2102 }, { 'H', SOTTO_MATH_DOUBLE_STRUCK, 0x210d },
  { 'N', SOTTO_MATH_DOUBLE_STRUCK, 0x2115 }, { 'P', SOTTO_MATH_DOUBLE_STRUCK, 0x2119 },
  { 'Q', SOTTO_MATH_DOUBLE_STRUCK, 0x211a }, { 'R', SOTTO_MATH_DOUBLE_STRUCK, 0x211d },
  { 'Z', SOTTO_MATH_DOUBLE_STRUCK, 0x2124 },
  { 'B', SOTTO_MATH_SCRIPT_LETTERS, 0x212c }, { 'E', SOTTO_MATH_SCRIPT_LETTERS, 0x2130 },
  { 'F', SOTTO_MATH_SCRIPT_LETTERS, 0x2131 }, { 'H', SOTTO_MATH_SCRIPT_LETTERS, 0x210b },
  { 'I', SOTTO_MATH_SCRIPT_LETTERS, 0x2110 }, { 'L', SOTTO_MATH_SCRIPT_LETTERS, 0x2112 },
  { 'M', SOTTO_MATH_SCRIPT_LETTERS, 0x2133 }, { 'R', SOTTO_MATH_SCRIPT_LETTERS, 0x211b },
  { 'e', SOTTO_MATH_SCRIPT_LETTERS, 0x212f }, { 'g', SOTTO_MATH_SCRIPT_LETTERS, 0x210a },
  { 'o', SOTTO_MATH_SCRIPT_LETTERS, 0x2134 },
  { 'C', SOTTO_MATH_FRAKTUR, 0x212d }, { 'H', SOTTO_MATH_FRAKTUR, 0x210c }, { 'I', SOTTO_MATH_FRAKTUR, 0x2111 },
  { 'R', SOTTO_MATH_FRAKTUR, 0x211c }, { 'Z', SOTTO_MATH_FRAKTUR, 0x2128 },
};

gunichar
sotto_math_letter_map (gunichar         c,
                       SottoMathLetters letters)
{
  gunichar capital;

  for (guint i = 0; i < G_N_ELEMENTS (exceptions); i++)
    if (exceptions[i].letter == c && exceptions[i].letters == letters)
      return exceptions[i].mapped;

  if (letters == SOTTO_MATH_DOUBLE_STRUCK)
    capital = 0x1d538;
  else if (letters == SOTTO_MATH_SCRIPT_LETTERS)
    capital = 0x1d49c;
  else if (letters == SOTTO_MATH_FRAKTUR)
    capital = 0x1d504;
  else
    return c;

  if (c >= 'A' && c <= 'Z')
    return capital + (c - 'A');
  if (c >= 'a' && c <= 'z')
    return capital + 26 + (c - 'a');
  if (c >= '0' && c <= '9' && letters == SOTTO_MATH_DOUBLE_STRUCK)
    return 0x1d7d8 + (c - '0');

  return c;
}
