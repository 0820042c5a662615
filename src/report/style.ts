/**
 * The style sheet of both pages: light and dark as the reader has it, from 390 to 1280 pixels, and on
 * paper. All text has a contrast of at least 4.5 to what lies behind it.
 *
 * @module
 */

export const STYLE = `
:root {
  color-scheme: light dark;
  --back: #ffffff; --fore: #1c2128; --soft: #57606a; --line: #d0d7de;
  --box: #f6f8fa; --link: #0550ae;
  --good: #116329; --good-back: #dafbe1;
  --bad: #a40e26; --bad-back: #ffebe9;
  --middling: #7d4e00; --middling-back: #fff8c5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0d1117; --fore: #e6edf3; --soft: #9ea7b3; --line: #3d444d;
    --box: #161b22; --link: #79b8ff;
    --good: #7ee787; --good-back: #12261e;
    --bad: #ffa198; --bad-back: #34161a;
    --middling: #f2cc60; --middling-back: #2e2a1f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 76rem; padding: 1rem;
  background: var(--back); color: var(--fore);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2rem 0 0.5rem; }
p { margin: 0.5rem 0; }
a { color: var(--link); }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
code, pre, .text { font-family: ui-monospace, monospace; font-size: 0.875rem; }
pre { margin: 0; white-space: pre-wrap; }
small { color: var(--soft); font-size: 0.875rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none; padding: 0; margin: 0; }
ul { padding-left: 1.25rem; }
.verdict { font-size: 1.125rem; }
.badge {
  display: inline-block; white-space: nowrap; padding: 0 0.5rem; border-radius: 0.75rem;
  border: 1px solid currentColor; font-size: 0.875rem; font-weight: 600;
  color: var(--fore); background: var(--box);
}
.badge.good { color: var(--good); background: var(--good-back); }
.badge.bad { color: var(--bad); background: var(--bad-back); }
.badge.middling { color: var(--middling); background: var(--middling-back); }
.limits {
  border-left: 4px solid var(--middling); background: var(--middling-back);
  padding: 0.25rem 1rem; margin: 0.75rem 0; color: var(--fore);
}
table { border-collapse: collapse; width: 100%; margin: 0.75rem 0; }
caption { text-align: left; color: var(--soft); padding: 0.25rem 0; }
th, td { border: 1px solid var(--line); padding: 0.375rem 0.5rem; text-align: left; vertical-align: top; }
th { background: var(--box); min-width: 4.5rem; }
#least th { min-width: 6rem; }
.drawn { container-type: inline-size; border: 1px solid var(--line); padding: 0.5rem; }
.ways { display: none; list-style: none; margin: 0; padding: 0; }
.ways li { border-left: 4px solid var(--good); padding: 0 0 0 0.75rem; margin: 0.5rem 0; }
.ways .way-deny { border-left: 4px dashed var(--bad); }
.ways small { display: block; }
@media screen {
  @container (max-width: 853.9px) {
    .drawn .diagram { display: none; }
    .drawn .ways { display: block; }
  }
}
.diagram { display: block; margin: 0 auto; }
.diagram text { font: 12px ui-monospace, monospace; fill: var(--fore); white-space: pre; }
.diagram rect { fill: var(--box); stroke: var(--line); }
.diagram .allow rect { stroke: var(--good); }
.diagram .deny rect { stroke: var(--bad); stroke-dasharray: 5 3; }
.diagram .edge { fill: none; stroke-width: 1.5; }
.diagram .edge.allow { stroke: var(--good); }
.diagram .edge.deny { stroke: var(--bad); stroke-dasharray: 5 3; }
.text { padding-left: 4.5rem; border: 1px solid var(--line); background: var(--box); margin: 0.75rem 0; }
.text li { white-space: pre-wrap; min-height: 1.3rem; }
.text li::marker { color: var(--soft); }
.text li:target { background: var(--middling-back); }
@media (max-width: 47rem) {
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table, tbody, tr, td, caption { display: block; }
  tr { border: 1px solid var(--line); margin: 0 0 0.75rem; }
  td { border: 0; display: grid; grid-template-columns: 5rem minmax(0, 1fr); gap: 0.5rem; }
  td::before { content: attr(data-label); color: var(--soft); font-size: 0.875rem; }
}
@media print {
  :root {
    --back: #ffffff; --fore: #000000; --soft: #444444; --line: #999999;
    --box: #ffffff; --link: #000000;
    --good: #000000; --good-back: #ffffff;
    --bad: #000000; --bad-back: #ffffff;
    --middling: #000000; --middling-back: #ffffff;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  .drawn { border: 0; padding: 0; }
  .diagram { width: 100%; height: auto; }
  tr, .box { break-inside: avoid; }
}
`.replace(/\n\s*/g, "\n");
