"""How a page looks: one sheet of style, for light and dark, for narrow windows and for paper.

Colours are those of M. Okabe and K. Ito (2008), which people who see few colours can tell apart, a
little lighter where the page is dark.
"""

_LIGHT = """
--page: #ffffff; --ink: #1d2126; --soft: #59626c; --rule: #d9dde2; --wash: #f4f6f8;
--bar: #b9d3e6; --strong: #00639c; --wrong: #b84700; --wrong-wash: #fdf1ea; --right: #00734f;
--shade: 0, 99, 156; --deep: #ffffff;
--c1: #0072b2; --c2: #d55e00; --c3: #009e73; --c4: #b8609a; --c5: #c98a00; --c6: #3b9bd6;
--c7: #5b6168;
"""

_DARK = """
--page: #15181c; --ink: #e4e7ea; --soft: #9ca5ae; --rule: #343a41; --wash: #1d2126;
--bar: #24506e; --strong: #6cbcf0; --wrong: #f58b4c; --wrong-wash: #2e2019; --right: #45c59c;
--shade: 108, 188, 240; --deep: #0c0f12;
--c1: #58b0ec; --c2: #f07f35; --c3: #2fc08f; --c4: #dc8fbc; --c5: #e8b040; --c6: #9ad2f5;
--c7: #a3abb3;
"""

_PAGE = """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; print-color-adjust: exact;
  -webkit-print-color-adjust: exact; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 54rem; background: var(--page);
  color: var(--ink); font: 0.9375rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto,
  "Helvetica Neue", "Noto Sans", sans-serif; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums lining-nums; }
h1 { font-size: 1.7rem; line-height: 1.25; letter-spacing: -0.012em; font-weight: 650;
  margin: 0 0 1.25rem; }
h2 { font-size: 1.15rem; line-height: 1.3; font-weight: 650; margin: 3rem 0 0.75rem;
  padding-top: 0.9rem; border-top: 1px solid var(--rule); }
p { margin: 0.6rem 0; max-width: 42rem; white-space: pre-line; }
nav { margin: 1.25rem 0 0; color: var(--soft); display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; }
a { color: var(--strong); text-decoration: none; } a:hover { text-decoration: underline; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1.5rem; margin: 0; }
.facts dt { color: var(--soft); max-width: 12rem; } .facts dd { margin: 0; text-align: left; }
.warnings { margin: 1.5rem 0 0; padding: 0.7rem 1rem; border-left: 3px solid var(--wrong);
  background: var(--wrong-wash); }
.warnings h2 { font-size: 0.9375rem; margin: 0; padding: 0; border: 0; color: var(--wrong); }
.warnings ul { margin: 0.3rem 0 0; padding-left: 1.1rem; }
.intro { color: var(--soft); }
.empty, .note, .more { color: var(--soft); }
.note { font-size: 0.8125rem; line-height: 1.5; margin: 0.5rem 0 0; }
figure { margin: 1.6rem 0 2rem; }
figcaption { font-weight: 600; margin-bottom: 0.45rem; }
"""

_CHART = """
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1.2rem; font-size: 0.8125rem;
  margin-bottom: 0.5rem; }
.legend svg { width: 1.5em; height: 0.7em; margin-right: 0.45em; overflow: visible; }
.axis { font-size: 0.8125rem; color: var(--soft); }
.axis.x { text-align: center; margin-top: 1.75rem; }
.axis.x, .axis.y { padding-left: var(--gutter); } .axis.y { margin-bottom: 0.6rem; }
.plot { padding: 0 0.75rem 0 var(--gutter); }
.plot > svg { display: block; width: 100%; height: 16rem; overflow: visible; }
.plot text { font-size: 12px; fill: var(--soft); }
.grid { stroke: var(--rule); stroke-width: 1; } .base { stroke: var(--soft); stroke-width: 1; }
.curve { fill: none; stroke-width: 1.4; stroke-linejoin: round; stroke-linecap: round;
  vector-effect: non-scaling-stroke; }
.emphasis { stroke-width: 2.4; }
.dashed { stroke-dasharray: 5 4; }
.dot { stroke: var(--page); stroke-width: 1; }
.ring { fill: var(--page); stroke-width: 2.4; }
.bars { fill: var(--c1); }
"""

_METRICS = """
.metrics { margin: 1.2rem 0 1.8rem; }
.metric { display: grid; grid-template-columns: minmax(8rem, 15rem) 6.5rem minmax(6rem, 1fr) 11rem;
  column-gap: 1.1rem; align-items: center; padding: 0.45rem 0;
  border-bottom: 1px solid var(--rule); }
.metric:first-child { border-top: 1px solid var(--rule); }
.metric .value { text-align: right; font-weight: 650; }
.metric .interval { color: var(--soft); font-size: 0.8125rem; white-space: nowrap; }
.metric .note { display: block; margin: 0; }
.track svg { display: block; width: 100%; height: 14px; overflow: visible; }
.track .scale { display: flex; justify-content: space-between; font-size: 0.6875rem;
  line-height: 1.2; color: var(--soft); }
.track .fill { fill: var(--bar); } .track line { stroke: var(--ink); stroke-width: 1.5; }
.track .rail { stroke: var(--rule); stroke-width: 1; }
.track circle { fill: var(--ink); }
"""

_TABLES = """
.wide { overflow-x: auto; overflow-wrap: normal; }
table { border-collapse: collapse; font-size: 0.875rem; }
.table, .examples { width: 100%; border-top: 1px solid var(--soft);
  border-bottom: 1px solid var(--soft); }
.table th, .table td, .examples th, .examples td { padding: 0.35rem 0.9rem 0.35rem 0;
  text-align: start; vertical-align: top; border-bottom: 1px solid var(--rule); }
.table th, .examples th { font-weight: 600; color: var(--soft); white-space: nowrap; }
.table tr > :last-child, .examples tr > :last-child { padding-right: 0; }
.table .number, .examples .number { text-align: right; white-space: nowrap; }
.examples { margin: 1.2rem 0 1.8rem; }
.examples .given { width: 52%; white-space: pre-line; }
.sign { display: inline-block; width: 1.2em; font-weight: 700; }
.is-right .sign { color: var(--right); } .is-wrong .sign, .is-wrong .said { color: var(--wrong); }
.certain { display: inline-block; width: 3rem; height: 0.45rem; margin-right: 0.6rem;
  background: var(--rule); vertical-align: 0.08em; }
.certain i { display: block; height: 100%; background: var(--strong); }
"""

_SHADED = """
.shaded { border-collapse: separate; border-spacing: 1px; font-size: 0.8125rem; line-height: 1.2; }
.shaded td { min-width: 2.4em; height: 2.1em; padding: 0 0.35em; text-align: center;
  background: rgba(var(--shade), var(--s, 0)); }
.shaded td.deep { color: var(--deep); }
.shaded td.sum { color: var(--soft); text-align: right; padding-left: 0.8em; }
.shaded tr.sum td, .shaded tr.sum th { color: var(--soft); padding-top: 0.35em; }
.shaded th { font-weight: 400; } .shaded td, .shaded thead th { white-space: nowrap; }
.shaded thead th { vertical-align: bottom; }
.shaded th.row { text-align: right; padding-right: 0.6em; white-space: nowrap; max-width: 16em;
  overflow: hidden; text-overflow: ellipsis; }
.shaded th.turned { padding: 0.2em 0 0.4em; }
.shaded th.turned > span { writing-mode: vertical-rl; text-orientation: sideways;
  transform: rotate(180deg); max-height: 10em; overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis; display: inline-block; text-align: left; }
.shaded .what { color: var(--soft); padding-bottom: 0.3em; font-weight: 600; }
.shaded .same { outline: 1px solid var(--rule); outline-offset: -1px; }
.many { font-size: 0.6875rem; } .many td { min-width: 2.2em; padding: 0 0.1em; }
.attention { table-layout: fixed; }
.attention td { min-width: 1.5em; width: 1.5em; height: 1.5em; padding: 0; }
.attention td.unknown { color: var(--wrong); }
.ramp { display: inline-block; width: 7em; height: 0.7em; margin: 0 0.5em; vertical-align: -0.05em;
  background: linear-gradient(to right, rgba(var(--shade), 0.03), rgb(var(--shade)));
  outline: 1px solid var(--rule); }
.ramp.row-share { width: 5em; }
"""

_MARKED = """
.marked { margin: 1rem 0; display: flex; flex-wrap: wrap; gap: 0.5rem 0.3rem; }
.marked > span { display: inline-flex; flex-direction: column; align-items: center;
  padding: 0 0.15rem; }
.marked b { font-weight: 400; white-space: pre-wrap; }
.marked i { font-style: normal; font-size: 0.6875rem; line-height: 1.35; color: var(--strong); }
.marked .outside i { color: var(--soft); opacity: 0.7; }
.marked .wrong { background: var(--wrong-wash); outline: 1px solid var(--wrong); }
.marked .wrong i { color: var(--wrong); text-decoration: line-through; }
.marked .wrong i.truth { color: var(--ink); text-decoration: none; }
"""

_NARROW = """
body { padding: 1.25rem 0.9rem 3rem; } h1 { font-size: 1.4rem; }
.facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: 0.5rem; }
.plot > svg { height: 13rem; } .plot .odd { display: none; }
.metric { grid-template-columns: 1fr auto; row-gap: 0.2rem; }
.metric .track, .metric .interval { grid-column: 1 / -1; }
.metric .track:empty, .metric .interval:empty { display: none; }
.examples thead { display: none; } .examples tr { display: block; padding: 0.5rem 0;
  border-bottom: 1px solid var(--rule); }
.examples td, .examples .given { display: block; width: auto; border: 0; padding: 0.1rem 0; }
.examples td.number { text-align: start; }
.examples td:empty { display: none; }
.examples td[data-name]::before { content: attr(data-name) " "; color: var(--soft); }
"""

_PAPER = """
body { max-width: none; padding: 0; font-size: 9.5pt; }
nav { display: none; } .wide { overflow: visible; }
figure, tr, .metric, .marked { break-inside: avoid; } h2 { break-after: avoid; }
"""

STYLE = (
    f":root {{ color-scheme: light dark;{_LIGHT}}}\n"
    f"@media screen and (prefers-color-scheme: dark) {{ :root {{{_DARK}}} }}\n"
    f"{_PAGE}{_CHART}{_METRICS}{_TABLES}{_SHADED}{_MARKED}"
    + "".join(
        f".s{i} {{ stroke: var(--c{i}); }} .f{i} {{ fill: var(--c{i}); }}\n" for i in range(1, 8)
    )
    + f"@media screen and (max-width: 40rem) {{{_NARROW}}}\n"
    f"@media print {{{_PAPER}}}\n"
)
"""The whole sheet."""
