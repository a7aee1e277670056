/** The simple status page: its style and script are separate so that the content security policy can name their hashes. */

export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --dim: #5b6b7c; --paper: #f6f8fa; --card: #ffffff; --line: #d9e0e7;
  --bar: #3574c4; --after: #9dbfe8; --good: #1a7f4b; --busy: #2463ad; --warn: #9a5b00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --dim: #9aa8b6; --paper: #12171d; --card: #1a2129; --line: #2f3a45;
  --bar: #5b9be8; --after: #2d4d75; --good: #57c48a; --busy: #7db1f0; --warn: #e0a84a; --bad: #f2857d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; display: grid; gap: 1rem; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .25rem 1rem; color: var(--dim); }
h1 { font-size: 1rem; margin: 0; color: var(--ink); }
h2 { font-size: .8rem; margin: 0 0 .5rem; color: var(--dim); text-transform: uppercase; letter-spacing: .05em; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem; min-width: 0; }
p { margin: 0; }
#verdict { font-size: 1.6rem; font-weight: 650; text-transform: capitalize; }
#verdict[data-tone=good] { color: var(--good); } #verdict[data-tone=busy] { color: var(--busy); }
#verdict[data-tone=warn] { color: var(--warn); } #verdict[data-tone=bad] { color: var(--bad); }
progress { width: 100%; height: .5rem; accent-color: var(--bar); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; vertical-align: middle; overflow-wrap: anywhere; }
th { font-weight: 500; color: var(--dim); font-size: .85rem; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.bars { width: 50%; }
.bar { height: .5rem; border-radius: .2rem; background: var(--bar); min-width: 1px; }
.bar.after { background: var(--after); margin-top: 2px; height: .25rem; }
.dim { color: var(--dim); }
ul, ol { margin: 0; padding-left: 1.4rem; }
[hidden] { display: none; }
`;

export const PAGE_SCRIPT = `
'use strict';
const byId = (id) => document.getElementById(id);
const tones = { balanced: 'good', balancing: 'busy', 'dry-run': 'busy', starting: 'busy', standby: 'busy',
  paused: 'warn', blocked: 'warn', 'lost-contact': 'bad' };
const make = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const fill = (id, children) => byId(id).replaceChildren(...children);
const ago = (seconds) => seconds < 90 ? Math.round(seconds) + ' s' : seconds < 5400 ? Math.round(seconds / 60) + ' min'
  : Math.round(seconds / 3600) + ' h';
const moveText = (move) => move.table + ' region ' + move.regionId + ': ' + move.from + ' \\u2192 ' + move.to;
const bar = (count, most, className) => {
  const element = make('div', undefined, className);
  element.style.width = (most === 0 ? 0 : 100 * count / most) + '%';
  return element;
};
const row = (node, most) => {
  const line = make('tr');
  const bars = make('td', undefined, 'bars');
  bars.append(bar(node.regions, most, 'bar'), bar(node.regionsAfter, most, 'bar after'));
  const name = make('td', node.id + (node.state === 'target' ? '' : ' (' + node.state + ')'));
  name.title = node.addr ?? '';
  line.append(name, make('td', node.regions, 'number'), make('td', node.regionsAfter, 'number'), bars);
  return line;
};
const show = (status) => {
  const { verdict, progress, currentMove, queue, gates, blocked, lastCycle, cluster } = status;
  byId('verdict').textContent = verdict.code.replace('-', ' ');
  byId('verdict').dataset.tone = tones[verdict.code];
  byId('sentence').textContent = verdict.sentence;
  byId('cluster').textContent = [cluster.name, cluster.version && 'GreptimeDB ' + cluster.version, cluster.api]
    .filter(Boolean).join(' \\u00b7 ');
  byId('version').textContent = status.process.version;
  const total = progress.done + progress.failed + progress.remaining;
  byId('progress').hidden = total === 0;
  byId('progress').max = Math.max(1, total);
  byId('progress').value = progress.done + progress.failed;
  const most = Math.max(0, ...status.datanodes.map((node) => Math.max(node.regions, node.regionsAfter)));
  fill('datanodes', status.datanodes.slice(0, 200).map((node) => row(node, most)));
  byId('more').textContent = status.datanodes.length > 200 ? (status.datanodes.length - 200) + ' more datanodes' : '';
  byId('current').textContent = currentMove === null ? 'Nothing is moving.'
    : moveText(currentMove.move) + ', ' + currentMove.move.state + ' for ' + ago(currentMove.inStateSeconds);
  fill('queue', queue.next.map((move) => make('li', moveText(move))));
  byId('waiting').textContent = queue.length > queue.next.length ? (queue.length - queue.next.length) + ' more' : '';
  fill('gates', [...gates.map((gate) => make('li', gate.code + ': ' + gate.detail)),
    ...blocked.map((each) => make('li', each.count + ' \\u00d7 ' + each.code))]);
  byId('obstacles').hidden = gates.length + blocked.length === 0;
  byId('last').textContent = lastCycle === null ? 'No cycle has ended yet.'
    : 'Last cycle: ' + lastCycle.outcome + ' at ' + lastCycle.endedAt + (status.nextTickAt ? '; next at ' + status.nextTickAt : '');
  byId('problem').hidden = true;
};
const problem = (text) => {
  byId('problem').textContent = text;
  byId('problem').hidden = false;
};
const poll = async () => {
  const token = sessionStorage.getItem('token');
  try {
    const answer = await fetch('/api/v1/status', token ? { headers: { authorization: 'Bearer ' + token } } : {});
    byId('login').hidden = answer.status !== 401;
    if (answer.ok) show(await answer.json());
    else problem((await answer.json()).error.message);
  } catch {
    problem('The rebalancer does not answer.');
  }
};
byId('login').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', byId('token').value.trim());
  byId('token').value = '';
  void poll();
});
const loop = async () => {
  if (!document.hidden) await poll();
  setTimeout(loop, 2000);
};
void loop();
`;

export const PAGE_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>greptime-rebalancer</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<header><h1>greptime-rebalancer <span id="version" class="dim"></span></h1><span id="cluster"></span></header>
<section aria-live="polite">
<p id="verdict">Loading</p>
<p id="sentence"></p>
<progress id="progress" aria-label="Moves made" hidden></progress>
<p id="problem" role="alert" hidden></p>
<form id="login" hidden><label>Token <input id="token" type="password" autocomplete="off"></label> <button>Show</button></form>
<noscript>This page needs JavaScript. Without it, read /api/v1/status.</noscript>
</section>
<section><h2>Moving now</h2><p id="current"></p></section>
<section><h2>Next</h2><ol id="queue"></ol><p id="waiting" class="dim"></p></section>
<section id="obstacles" hidden><h2>In the way</h2><ul id="gates"></ul></section>
<section><h2>Datanodes</h2>
<table><thead><tr><th scope="col">Datanode</th><th scope="col" class="number">Regions</th><th scope="col" class="number">After the plan</th><th scope="col">Now and after</th></tr></thead>
<tbody id="datanodes"></tbody></table><p id="more" class="dim"></p></section>
<section class="dim"><p id="last"></p></section>
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
