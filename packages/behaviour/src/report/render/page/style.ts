/** The look of the page: a dark touchstone over paper, brass for the office's own words, hatching for what is not known. */
export const style = `
:root{color-scheme:light dark;
--paper:light-dark(#faf8f4,#17191c);--card:light-dark(#fffdf9,#1d2024);--ink:light-dark(#1d2126,#e4e1d9);
--faint:light-dark(#646a70,#949a9f);--line:light-dark(#e3ded3,#2e3237);--brass:light-dark(#7a5c14,#d3b361);
--bad:light-dark(#9c1f1f,#ff8f85);--bad-bg:light-dark(#fbe9e6,#3b1e1d);--warn:light-dark(#8a4b08,#e9ac62);--warn-bg:light-dark(#f9eeda,#362a19);
--good:light-dark(#22664f,#7cc5a6);--good-bg:light-dark(#e4f1eb,#1b2f28);--gap:light-dark(#5b4a8a,#b9a9ea);--gap-bg:light-dark(#efebf8,#292440);
--kind-decoy:light-dark(#b01f1f,#ff7a6e);--kind-net:light-dark(#1f5f99,#7fb7ea);--kind-file:light-dark(#8a4b08,#e9ac62);
--kind-read:light-dark(#8b8f94,#787e85);--kind-run:light-dark(#1d2126,#e4e1d9);--kind-hook:light-dark(#6a3f94,#c39ae8);--kind-other:light-dark(#3f7569,#7fbfae);
--lane:light-dark(#d9d2c1,#3a3f45);--lane-tool:light-dark(#ece8de,#272b30);--idle:light-dark(#f1eee6,#25292e);
--mono:ui-monospace,'SF Mono','Cascadia Mono','JetBrains Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;
--serif:'Iowan Old Style','Palatino Linotype',Palatino,'URW Palladio L','Book Antiqua',Georgia,serif}
*{box-sizing:border-box}
html{scroll-padding-top:14px;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}
h1,h2,h3,p,ul,ol,dl,dd{margin:0;padding:0}
h1,h2,.level{font-family:var(--serif);font-weight:600}
code,pre,.ref,.at{font-family:var(--mono);font-size:12px}
code{overflow-wrap:anywhere}
a{color:inherit}
small{font:12px/1.4 system-ui,sans-serif;color:var(--faint);font-weight:400;margin-left:6px}
.faint{color:var(--faint)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--card);padding:6px 10px;z-index:9}
:focus-visible{outline:2px solid var(--brass);outline-offset:2px;border-radius:2px}

.stone{background:#1b1e22;background-image:linear-gradient(100deg,#0000 62%,#ffffff08 63%,#0000 70%),linear-gradient(180deg,#25292e,#16181b);color:#e9e5da;padding:0 max(20px,calc((100vw - 1240px)/2));border-bottom:3px solid #a4832f}
.band{display:flex;align-items:center;gap:12px;padding:10px 0 0}
.wordmark{font-family:var(--serif);font-size:17px;letter-spacing:.22em;text-transform:uppercase;color:#d9bd72}
.kindof{color:#a5a69f;font-size:12px;letter-spacing:.04em}
.touchstone{height:44px;width:112px;margin-left:auto}
.streak{fill:none;stroke-width:4.5;stroke-linecap:round;opacity:.92}
.streak.clean{stroke:#c9a64a}.streak.news{stroke:#e0604f}.streak.cut{stroke:#c9a64a;stroke-dasharray:70 200}
.streak.missing{stroke:#70757b;stroke-width:1;stroke-dasharray:2 4}
#theme{background:none;border:1px solid #565b61;color:#c8c6bd}
.subject{display:flex;justify-content:space-between;align-items:flex-end;gap:20px;flex-wrap:wrap;padding:6px 0 14px}
.subject>div:first-child{min-width:0;flex:1 1 340px}
h1{font-size:30px;line-height:1.15;overflow-wrap:anywhere}
.version{color:#d9bd72;font-weight:400}
.purl{color:#a5a69f;margin-top:3px}
.hallmark{display:flex;gap:7px}
.punch{width:50px;height:55px}
.punch .cartouche{fill:#c9a64a;stroke:#f0dca0;stroke-width:1.2}
.punch text{font-family:var(--serif);font-weight:700;fill:#1b1e22}
.punch .sign{fill:none;stroke:#fff;stroke-width:5;stroke-linecap:round;stroke-linejoin:round}
.punch.benign .cartouche{fill:#2c7d60;stroke:#8fd1b5}.punch.suspicious .cartouche{fill:#b9640c;stroke:#f4c58a}
.punch.malicious .cartouche{fill:#a32020;stroke:#f2a59b}.punch.inconclusive .cartouche{fill:#63519a;stroke:#c3b6ec}
.punch.partial .cartouche{fill:#1b1e22;stroke:#b9a9ea;stroke-dasharray:4 3}.punch.partial text{fill:#cabdf3}
.verdict{display:flex;gap:6px 22px;align-items:baseline;flex-wrap:wrap;border-top:1px solid #ffffff1c;padding:10px 0 14px}
.level{font-size:25px;text-transform:capitalize;line-height:1.1}
.verdict.malicious .level{color:#ff9388}.verdict.suspicious .level{color:#f0b36b}.verdict.inconclusive .level{color:#c9bdf5}.verdict.benign .level{color:#8fd6b6}
.meaning{flex:1 1 320px}
.numbers{display:flex;gap:16px;flex-wrap:wrap;color:#b5b4ab;font-size:13px}.numbers b{color:#f2eee2;font-variant-numeric:tabular-nums}
.numbers .gap b{color:#cabdf3}
.numbers .gap{color:#cabdf3}
.model{border-top:1px solid #ffffff1c;padding:8px 0;color:#b5b4ab;font-style:italic}

.sheet{display:grid;grid-template-columns:158px minmax(0,1fr);gap:30px;max-width:1280px;margin:0 auto;padding:0 20px 60px}
nav{position:sticky;top:0;align-self:start;padding:20px 0;max-height:100vh;overflow:auto;font-size:13px}
nav ul{list-style:none}
nav li{display:flex;justify-content:space-between;border-bottom:1px solid var(--line)}
nav a{text-decoration:none;padding:4px 0;flex:1}nav a:hover{color:var(--brass)}
.count{color:var(--faint);font-variant-numeric:tabular-nums;padding:4px 0}
main{min-width:0}
section{padding:20px 0 4px}
h2{font-size:19px;line-height:1.3;border-bottom:1px solid var(--line);padding-bottom:4px;margin-bottom:10px}
h3{font-size:14px;line-height:1.4}

.finding{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--faint);padding:9px 12px 10px;margin:0 0 9px;border-radius:2px}
.finding:target{outline:2px solid var(--brass)}
.finding.critical{border-left-color:#a32020}.finding.high{border-left-color:#c9591a}.finding.medium{border-left-color:#c79a1c}.finding.low{border-left-color:#4b7fae}
.finding h3{font-size:15px}
.ordinal{display:inline-block;min-width:1.1em;color:var(--brass);font-family:var(--serif)}
.facts{color:var(--faint);font-size:12px}.summary{margin:4px 0 5px}
.severity{font-size:11px;font-weight:600;padding:1px 7px;border-radius:9px;margin-left:5px;background:var(--line);color:var(--ink);vertical-align:1px}
.severity.critical{background:#a32020;color:#fff}.severity.high{background:#b8500f;color:#fff}.severity.medium{background:#e4c04a;color:#221b00}.severity.low{background:#2f648f;color:#fff}
.evidence{list-style:none;font-size:13px;border-top:1px dotted var(--line)}
.evidence li{display:grid;grid-template-columns:44px 82px 88px minmax(0,1fr);gap:0 8px;padding:1px 0;align-items:baseline}
.evidence .chain{display:block;font-size:12px;padding:5px 0 1px;color:var(--faint)}.evidence .chain code{color:var(--ink);font-size:11.5px}
.ref{text-decoration:none;color:var(--brass);border-bottom:1px dotted currentColor;justify-self:start;align-self:baseline}.ref:hover{background:var(--warn-bg)}
.at{color:var(--faint);text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.kind{font-size:12px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.kind::before{content:'';display:inline-block;width:7px;height:7px;border-radius:1px;margin-right:5px;background:var(--kind-other)}
.kind.decoy::before{background:var(--kind-decoy);border-radius:50%}.kind.net::before{background:var(--kind-net)}.kind.file::before{background:var(--kind-file)}
.kind.read::before{background:var(--kind-read)}.kind.run::before{background:var(--kind-run)}.kind.hook::before{background:var(--kind-hook)}
.kind.decoy{color:var(--bad);font-weight:600}
.chip{display:inline-block;font-size:11px;line-height:16px;padding:0 6px;border:1px solid var(--line);border-radius:9px;margin:0 3px;color:var(--faint);background:var(--card);max-width:100%;overflow-wrap:anywhere}
.chip.bad{color:var(--bad);background:var(--bad-bg);border-color:transparent}.chip.warn{color:var(--warn);background:var(--warn-bg);border-color:transparent}
.chip.good{color:var(--good);background:var(--good-bg);border-color:transparent}.chip.gap{color:var(--gap);background:var(--gap-bg);border-color:transparent}
.gap{color:var(--gap)}
.gaps{list-style:none}
.gaps li{padding:4px 10px;margin-bottom:4px;border-left:4px double var(--gap);background:var(--gap-bg);color:var(--ink)}
.gaps li.blocking{border-left:4px solid var(--gap);background:repeating-linear-gradient(-45deg,var(--gap-bg) 0 9px,transparent 9px 13px),var(--card)}
.gaps span:not(.chip){font-family:var(--mono);font-size:12px;color:var(--gap)}
.changes{list-style:none}.changes li{padding:2px 0}.changes b{font-weight:600}.changes .new b{color:var(--warn)}.changes .removed{color:var(--faint)}
.changes code{background:var(--card);border:1px solid var(--line);padding:0 4px;border-radius:2px}

.scroll{overflow:auto;border:1px solid var(--line);border-radius:2px;background:var(--card)}
#events .scroll{max-height:520px}
table{border-collapse:collapse;width:100%;font-size:13px}
th{font-size:11px;text-align:left;color:var(--faint);font-weight:600;padding:5px 9px;border-bottom:1px solid var(--line);position:sticky;top:0;background:var(--card);white-space:nowrap}
td{padding:2px 9px;line-height:1.4;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
td:first-child,.number{white-space:nowrap}.card td,#dropped td{white-space:nowrap}.card td:nth-child(4){white-space:normal;min-width:200px;width:50%}.number{text-align:right;font-variant-numeric:tabular-nums}
#events td{white-space:nowrap}#events td.wide{white-space:normal;min-width:300px;width:60%}
#runs td{white-space:nowrap}#runs td:last-child{white-space:normal;min-width:210px}
tr.cited td:first-child{box-shadow:inset 3px 0 var(--kind-decoy)}tr.marked td{background:var(--warn-bg)}
.plain{list-style:none;font-size:12px}
details>summary{cursor:pointer}summary::marker{color:var(--brass)}

button{font:inherit;font-size:12px;line-height:18px;padding:2px 9px;border:1px solid var(--line);border-radius:3px;background:var(--card);color:var(--ink);cursor:pointer}
button:hover:enabled{border-color:var(--brass)}button:disabled{opacity:.45;cursor:default}
button[aria-pressed=true]{background:var(--ink);color:var(--paper);border-color:var(--ink)}
button.link{border:0;background:none;padding:0;color:var(--brass);text-align:left;text-decoration:underline dotted;text-underline-offset:2px}
button.code{font-family:var(--mono);overflow-wrap:anywhere}
input{font:inherit;font-size:13px;padding:3px 8px;border:1px solid var(--line);border-radius:3px;background:var(--card);color:var(--ink);min-width:190px}
.choice{display:inline-flex;flex-wrap:wrap}.choice button{border-radius:0;margin-left:-1px}.choice button:first-child{border-radius:3px 0 0 3px;margin-left:0}.choice button:last-child{border-radius:0 3px 3px 0}
.bar{display:flex;flex-wrap:wrap;gap:7px;align-items:center;margin:0 0 8px}.scroll+.bar{margin:8px 0 0}
.legend{display:inline-flex;flex-wrap:wrap;gap:4px 11px;margin-left:4px;font-size:12px}
.lanes{border:1px solid var(--line);border-radius:2px;max-height:440px;overflow:auto;background:var(--card)}
.lanes canvas{display:block;width:100%;touch-action:pan-y}.lanes .axis{position:sticky;top:0;background:var(--card);border-bottom:1px solid var(--line);z-index:1}
.readout{min-height:23px;padding:2px 0;font-size:13px;color:var(--faint);overflow-wrap:anywhere}.readout code,.readout b{color:var(--ink)}

.tree{list-style:none;padding-left:17px;border-left:1px solid var(--line);margin-left:4px}
[data-part]>div>.tree,[data-part]>.tree{padding-left:0;border-left:0;margin-left:0}
.tree li{padding:1px 0}.tree .leaf{padding-left:16px}
.process{display:inline}.command.tool{color:var(--faint)}
.process>*,summary>.chip,summary>.faint{margin-left:5px}.process>code:first-child{margin-left:0}
[data-part]>.choice+div{margin-top:8px}.tree .faint,.card .faint{font-size:12px}
.card{border:1px solid var(--line);background:var(--card);padding:5px 10px;margin:6px 0;border-radius:2px}.card.leaf{padding-left:26px}
.card .scroll{margin:6px 0 3px;border-width:1px 0 0}.host{font-weight:600;font-size:13px}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--card);border:1px solid var(--line);padding:8px 10px;margin:4px 0 10px;max-height:320px;overflow:auto}
.blocks{columns:2 380px;column-gap:34px}.blocks>div{break-inside:avoid;margin-bottom:16px}.blocks h3{color:var(--brass);margin-bottom:2px}
dl{display:grid;grid-template-columns:minmax(84px,max-content) minmax(0,1fr);gap:1px 12px;font-size:13px}
dt{color:var(--faint)}dd{overflow-wrap:anywhere}
footer{border-top:1px solid var(--line);margin-top:26px;padding-top:10px;color:var(--faint);font-size:13px}

.slip{position:fixed;right:0;top:0;bottom:0;width:min(430px,100vw);overflow:auto;background:var(--card);border-left:3px solid var(--brass);padding:14px 18px 30px;z-index:5;box-shadow:-12px 0 34px #0000002e}
.slip[hidden]{display:none}
.slip-head{display:flex;justify-content:space-between;align-items:start;gap:10px;border-bottom:1px solid var(--line);padding-bottom:6px;margin-bottom:8px}.slip-head h2{border:0;margin:0;padding:0}
.slip h2:focus{outline:none}
.slip h3{margin:12px 0 3px;color:var(--brass)}.said{margin-bottom:2px}.slip ul,.slip ol{padding-left:20px}.slip dl{font-size:12px}.slip .bar{margin-top:8px}

@media screen and (max-width:860px){
.sheet{display:block;padding:0 14px 50px}
nav{max-height:none;padding:7px 0;background:var(--paper);z-index:3;overflow-x:auto;border-bottom:1px solid var(--line)}
nav ul{display:flex;gap:14px;width:max-content}nav li{border:0;gap:4px}
.stone{padding:0 14px}.touchstone,.kindof{display:none}#theme{margin-left:auto}h1{font-size:24px}.punch{width:43px;height:47px}
html{scroll-padding-top:48px}
.evidence li{grid-template-columns:40px 74px minmax(0,1fr)}.evidence li .what{grid-column:1/-1;padding-left:20px}
.evidence .chain{padding-left:0}
.slip{top:auto;width:100vw;max-height:72vh;border-left:0;border-top:3px solid var(--brass)}
button{padding:5px 10px}
}
@media print{
:root{color-scheme:light}
nav,.slip,#theme,.bar,.skip,#timeline,#events{display:none!important}
.sheet{display:block;padding:0}.stone{background:none;color:#000;padding:0;border-color:#000}.stone *{color:#000!important}
.finding,.gaps li,tr{break-inside:avoid}.scroll,pre{overflow:visible;max-height:none!important}body{font-size:11px}
}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`;
