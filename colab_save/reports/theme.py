"""The style of cards and of the panel: colours for light and dark, and layouts that adapt to a phone's width.

Self-contained CSS: no asset, no script. ``&`` stands for the styled element. It is written with its class twice, which
makes the rules as specific as those of the front ends for tables and code (``.jp-RenderedHTMLCommon tbody tr``). A
browser without ``light-dark()`` or container queries (before 2024) shows the page's own colours and the wide tables.
"""

from __future__ import annotations

COLOURS = """
& {color-scheme: light dark; --ink: light-dark(#1f2328, #e6e6e6); --soft: light-dark(#57606a, #a3a8b0);
 --ground: light-dark(#fff, #1e1f22); --rule: light-dark(#d9dce1, #43464d); --field: light-dark(#f3f4f6, #2b2d31);
 --pass: light-dark(#146c2e, #6dd58c); --fail: light-dark(#b3261e, #ff9b93); --warn: light-dark(#7a5200, #f2c46d);
 --link: light-dark(#0b57d0, #8ab4f8)}
[data-jp-theme-light="true"] &, html[theme="light"] &, .vscode-light &, .notebook_app & {color-scheme: light}
[data-jp-theme-light="false"] &, html[theme="dark"] &, .vscode-dark & {color-scheme: dark}
"""
"""The colours by name.

They follow the front end if it tells its theme (JupyterLab, Colab, VS Code; the classic Notebook has only a light
one), else the browser.
"""

_CARD = """
& {container-type: inline-size; max-width: 60rem; margin: 4px 0; box-sizing: border-box; padding: 12px 16px;
 border: 1px solid var(--rule); border-left: 4px solid var(--tone, var(--soft)); border-radius: 6px;
 background: var(--ground); color: var(--ink); font: 13px/1.5 var(--jp-ui-font-family, Roboto), system-ui, sans-serif;
 text-align: left; overflow-wrap: anywhere}
& .remark {--tone: var(--rule); margin-top: 8px; padding-left: 10px; border-left: 2px solid var(--tone)}
& .PASSED {--tone: var(--pass)} & .FAILED {--tone: var(--fail)}
& .NOT_HELD, & .SKIPPED, & .PARTIAL {--tone: var(--warn)}
&.PASSED {--tone: var(--pass)} &.FAILED {--tone: var(--fail)} &.SKIPPED, &.PARTIAL {--tone: var(--warn)}
& .outcome {color: var(--tone); font-weight: 600; white-space: nowrap}
& .title {font-size: 15px; font-weight: 600}
& .head .outcome {font-size: 15px; margin-right: 10px}
& .soft {color: var(--soft)} & a {color: var(--link)}
& table {border-collapse: collapse; margin: 10px 0 0; width: 100%; font: inherit; color: inherit; border: 0;
 table-layout: auto}
& tr, & tbody tr:nth-child(n), & tbody tr:hover {background: none; text-align: left}
& th, & td {padding: 5px 10px 5px 0; text-align: left; vertical-align: top; border: 0; color: inherit; max-width: none;
 border-bottom: 1px solid var(--rule); font-weight: 400; white-space: normal; background: none}
& thead th {color: var(--soft); white-space: nowrap}
& td {min-width: 12em} & td.short {min-width: 0} & .short {white-space: nowrap}
& .wide {overflow-x: auto}
& tbody th {font-weight: 600; min-width: 6em}
& dl {display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 10px 0 0; padding: 0}
& dt, & dd {float: none; width: auto; margin: 0; padding: 0; font-weight: 400}
& dt {color: var(--soft)}
& .reason {white-space: pre-wrap; margin: 0}
& details > .reason {color: var(--soft); padding-left: 14px}
& summary {cursor: pointer}
& .line {margin-top: 10px}
& .picture {margin-top: 10px}
& svg {display: block; max-width: 100%; height: auto; margin: 6px 0}
& svg text {font: 600 12px/1 var(--jp-ui-font-family, Roboto), system-ui, sans-serif; fill: var(--ink);
 text-anchor: middle}
& svg .detail {font-weight: 400; font-size: 11px; fill: var(--soft)} & svg .times {text-anchor: start}
& .box rect {fill: var(--field); stroke: var(--rule)} & .input rect {fill: var(--ground); stroke: var(--link)}
& .model rect {stroke: var(--soft)} & .frozen rect {fill: none}
& svg .frame {fill: none; stroke: var(--soft); stroke-dasharray: 4 3}
& svg .edge {fill: none; stroke: var(--soft)} & svg .head {fill: var(--soft)}
& svg.bars {display: inline-block; flex: none; margin: 0} & .bars path {fill: var(--link)}
& .bars .floor {fill: none; stroke: var(--rule)}
& .weight {display: flex; flex-flow: row wrap; gap: 0 12px; align-items: flex-start; margin-bottom: 4px}
& .weight .of {flex: 1 1 7em; max-width: 14em} & .weight .spread {flex: 2 1 9em; font-variant-numeric: tabular-nums}
& .of > span {display: inline-block; margin-right: 8px} & .spread > span {display: block}
& .tree {list-style: none; margin: 4px 0; padding: 0} & .tree li > :first-child {font-weight: 600}
& pre {margin: 2px 0 0; padding: 8px 10px; border: 0; border-radius: 4px; background: var(--field); color: inherit;
 font: 13px/1.5 var(--jp-code-font-family, ui-monospace), Menlo, Consolas, monospace; white-space: pre-wrap;
 overflow-wrap: anywhere; user-select: all; -webkit-user-select: all}
& pre code {background: none; color: inherit; font: inherit; padding: 0; border: 0; white-space: inherit}
@container (max-width: 740px) {
 & table, & tbody, & tr, & tbody th, & td {display: block; width: auto}
 & thead {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)}
 & tr {padding: 6px 0; border-bottom: 1px solid var(--rule)}
 & th, & td {border: 0; padding: 1px 0; min-width: 0}
 & td {display: grid; grid-template-columns: 8em 1fr}
 & td::before {content: attr(data-label); color: var(--soft)}
 & td:empty {display: none}
}
"""


def scoped(css: str, name: str) -> str:
    """Return rules for the elements of a class.

    Args:
        css: Rules with ``&`` for the element.
        name: The class.
    """
    return (COLOURS + css).strip().replace("&", f".{name}.{name}")


CARD = scoped(_CARD, "colab-save")

_PANEL = """
& {max-width: 60rem; box-sizing: border-box; margin: 4px 0; padding: 4px; overflow: visible; color: var(--ink);
 container-type: inline-size; border: 1px solid var(--rule); border-radius: 8px; background: var(--ground);
 font: 13px/1.5 var(--jp-ui-font-family, Roboto), system-ui, sans-serif;
 --jp-ui-font-color0: var(--ink); --jp-ui-font-color1: var(--ink); --jp-ui-font-color2: var(--soft);
 --jp-content-font-color1: var(--ink); --jp-layout-color0: var(--ground); --jp-layout-color1: var(--ground);
 --jp-layout-color2: var(--field); --jp-layout-color3: var(--rule); --jp-border-color1: var(--rule);
 --jp-border-color2: var(--rule); --jp-widgets-color: var(--ink); --jp-widgets-label-color: var(--ink);
 --jp-widgets-readout-color: var(--ink); --jp-widgets-input-color: var(--ink);
 --jp-widgets-input-background-color: var(--field); --jp-widgets-input-border-color: var(--rule)}
& .csp-style, & .csp-gone.csp-gone {display: none}
& .widget-vbox, & .widget-hbox, & .widget-html {overflow: visible}
& .widget-inline-hbox {width: 100%; max-width: 46em; min-width: 0; height: auto; box-sizing: border-box}
& .widget-radio {display: flex; flex-flow: row nowrap; width: 100%; max-width: 46em; height: auto}
& .widget-radio > .widget-label {align-self: flex-start; margin-right: 8px}
& .widget-inline-hbox > .widget-label, & .widget-radio > .widget-label {width: 6.5em; flex: none; text-align: right;
 color: var(--ink)}
& .widget-radio .widget-radio-box {display: flex; flex-flow: row wrap; gap: 0 18px; width: auto; margin: 0;
 padding-top: 4px}
& .widget-radio-box label {display: flex; align-items: center; width: auto; margin: 0; height: auto;
 white-space: normal}
& .widget-radio-box label input {order: -1; flex: none}
& .widget-checkbox {width: auto}
& .widget-checkbox .widget-label-basic {width: auto; max-width: 100%; white-space: normal}
& .widget-button {width: auto; padding: 0 14px}
& .widget-button:not(.mod-primary) {background: var(--field); color: var(--ink)}
& .csp-danger:not(:disabled) {color: var(--fail)}
& select {appearance: auto; background-image: none; height: 28px; padding: 0 4px; text-overflow: ellipsis}
& input[type="text"], & select {background-color: var(--field); color: var(--ink); border-color: var(--rule)}
& input::placeholder {color: var(--soft); opacity: 1}
& .widget-html-content {line-height: 1.5; overflow-wrap: anywhere}
& .csp-row, & .csp-tools, & .csp-pair, & .csp-undo, & .csp-drive, & .csp-where {flex-flow: row wrap;
 align-items: center; gap: 2px 6px}
& .csp-where {max-width: 46em} & .csp-drive {flex: 1 1 14em}
& .csp-where > .widget-dropdown {flex: 0 1 18em; width: auto; min-width: 14em}
& .csp-where > .widget-text {flex: 1 1 16em; width: auto}
& .csp-where > .widget-text > .widget-label {width: auto}
& .csp-tools > .csp-where {flex: 1 1 30em} & .csp-tools > .widget-text {flex: 1 1 22em; width: auto}
& .csp-tools > .widget-dropdown, & .csp-pair > .widget-text {flex: 0 1 22em; width: auto}
& .soft, & .csp-help, & .csp-about, & .csp-footer, & .csp-place, & .csp-status {color: var(--soft)}
& .csp-about, & .csp-picks, & .csp-option > .widget-text + .csp-help {padding-left: 7em; box-sizing: border-box}
& .csp-option > .widget-checkbox + .csp-help {padding-left: 24px; box-sizing: border-box}
& .csp-row > .widget-html {width: auto}
& .csp-footer {padding: 6px 10px 2px; font-size: 12px}
& .csp-empty {padding: 18px 10px; color: var(--soft); text-align: center}
& .csp-refused {color: var(--fail)}
& pre {margin: 2px 0; padding: 6px 8px; border: 0; border-radius: 4px; background: var(--field); color: var(--ink);
 font: 12px/1.5 var(--jp-code-font-family, ui-monospace), Menlo, Consolas, monospace; white-space: pre-wrap;
 overflow-wrap: anywhere; user-select: all; -webkit-user-select: all}
& .csp-result, & .csp-spelled, & .csp-footer {max-width: none}
& .csp-meter {min-height: 4.4em}
& .csp-bar {align-items: center; flex-flow: row nowrap} & .csp-bar > .widget-hprogress {flex: 1 1 auto; height: 28px}
& .csp-line {flex-flow: row wrap; border-bottom: 1px solid var(--rule); padding: 2px 0; align-items: baseline}
& .csp-line > .widget-checkbox {flex: 1 1 17em; width: auto; min-width: 0}
& .csp-line > .widget-checkbox label {font-weight: 600}
& .csp-line > .csp-cells {flex: 2 1 26em; width: auto; min-width: 0}
& .csp-cells .widget-html-content {display: flex; flex-flow: row wrap; gap: 0 14px; color: var(--soft)}
& .csp-outcome {min-width: 6.5em} & .csp-size {min-width: 4.5em} & .csp-note {flex-basis: 100%}
& .csp-PASSED {color: var(--pass); font-weight: 600} & .csp-FAILED {color: var(--fail); font-weight: 600}
& .csp-SKIPPED, & .csp-PARTIAL {color: var(--warn); font-weight: 600}
& .csp-tag {padding: 0 7px; margin-right: 4px; border-radius: 8px; background: var(--field); color: var(--ink)}
@container (max-width: 460px) {
 & .csp-about, & .csp-picks, & .csp-option > .widget-text + .csp-help {padding-left: 0}
 & .widget-radio {display: flex; flex-flow: row nowrap; width: 100%; max-width: 46em; height: auto}
& .widget-radio > .widget-label {align-self: flex-start; margin-right: 8px}
& .widget-inline-hbox > .widget-label, & .widget-radio > .widget-label {width: 4.5em}
}
"""

PANEL = scoped(_PANEL, "colab-save-panel")
