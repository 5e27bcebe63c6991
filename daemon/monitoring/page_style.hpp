// The style sheet of the page, light and dark, for small and large screens.
#pragma once

#include <string_view>

namespace renewd::monitoring {

inline constexpr std::string_view kPageStyle = R"css(
:root {
  --ground: #f4f5f7; --card: #fff; --text: #1b1f24; --faint: #5c6670; --line: #d9dee3; --rest: #e7ebef;
  --good: #1a7f4b; --attention: #9a5b00; --bad: #c0261e; --elapsed: #a9b6c3; --window: #f0b64a; --splay: #d98e04;
  --past: #2563c9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --card: #1e2226; --text: #e6e9ec; --faint: #9aa5b0; --line: #343b42; --rest: #2c3238;
    --good: #4cc38a; --attention: #f2b04c; --bad: #ff7369; --elapsed: #56626e; --window: #8a6a26; --splay: #c88a1a;
    --past: #78a9ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 60rem; padding: 1.25rem 1rem; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif;
}
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 0; font-size: 1.1rem; overflow-wrap: anywhere; }
h1.bad { color: var(--bad); }
h1.attention { color: var(--attention); }
article {
  margin: 0 0 1rem; padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  border-left: .35rem solid var(--line);
}
article.good { border-left-color: var(--good); }
article.attention { border-left-color: var(--attention); }
article.bad { border-left-color: var(--bad); }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; align-items: baseline; }
.state { color: var(--faint); font-weight: 600; }
.good .state { color: var(--good); }
.attention .state { color: var(--attention); }
.bad .state { color: var(--bad); }
.headline { margin: .25rem 0 .25rem; font-size: 1.3rem; line-height: 1.3; overflow-wrap: anywhere; }
.finding { margin: .75rem 0 .25rem; overflow-wrap: anywhere; }
.advice { margin: .25rem 0 .5rem; overflow-wrap: anywhere; }
.finding.good { color: var(--faint); }
code {
  font-family: ui-monospace, monospace; font-size: .9em; background: var(--rest); border-radius: .2rem;
  padding: .05em .25em; -webkit-box-decoration-break: clone; box-decoration-break: clone; overflow-wrap: anywhere;
}
time { white-space: nowrap; }
.w { display: inline-block; max-width: 100%; overflow-wrap: anywhere; }
code .w { max-width: calc(100% - .6em); }
p.attention > b { color: var(--attention); }
p.bad > b { color: var(--bad); }
.bar { position: relative; height: 1.5rem; margin: .75rem 0 .5rem; background: var(--rest); border-radius: .25rem; }
.bar i { position: absolute; top: 0; bottom: 0; }
i.elapsed { background: var(--elapsed); }
i.window { background: var(--window); }
.bar i.window { border-left: 2px solid var(--text); }
i.splay { background: var(--splay); }
.bar i.splay { min-width: 3px; }
i.expired { background: var(--bad); }
.bar i.expired { right: 0; min-width: 6px; }
.bar i.past, .bar i.today { top: -.3rem; bottom: -.3rem; box-shadow: 0 0 0 1px var(--card); }
.bar i.past { width: 4px; margin-left: -2px; }
.bar i.today { width: 2px; margin-left: -1px; background: var(--text); }
i.past { background: var(--past); }
i.past.back { background: repeating-linear-gradient(var(--bad) 0 3px, transparent 3px 5px); }
.scale { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; color: var(--faint); }
.scale span:nth-child(2):not(:last-child) { margin-left: auto; }
p.scale { margin: .75rem 0 0; }
.overview { max-width: 32rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.overview li { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; }
.overview a { overflow-wrap: anywhere; }
summary { color: var(--faint); cursor: pointer; font-size: .875rem; }
.scale, .legend, footer, dl { font-size: .875rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; margin: 0 0 1rem; color: var(--faint); }
.legend span { white-space: nowrap; }
.legend i { display: inline-block; width: .8rem; height: .8rem; margin: 0 .3rem 0 0; border-radius: .15rem; }
.legend i.past { width: 4px; }
.legend i.today { width: 2px; background: var(--text); }
.next { margin: .75rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
footer { color: var(--faint); }
a { color: inherit; }
@media (max-width: 30rem) {
  .headline { font-size: 1.1rem; }
  .scale span:nth-child(2):not(:last-child) { order: 1; flex-basis: 100%; margin-left: 0; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; }
}
)css";

}  // namespace renewd::monitoring
