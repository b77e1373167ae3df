// Draws the page that <html data-page> names from window.VOC: pages, labels and rows.
// Every value comes from data and is set as text, never as markup; every other text is a label.
"use strict";

const ROWS_A_PAGE = 100;
const PAGE = document.documentElement.dataset.page;
const BANDS = { red: "▼", yellow: "◆", green: "▲", insufficient_signal: "○" };

// A browser may refuse to remember anything, above all for files.
const memory = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* then it forgets */ } },
};
let language = memory.get("voc-language") ?? (/^zh/i.test(navigator.language) ? "zh" : "en");
let theme = memory.get("voc-theme");

// Texts and numbers

function t(key, values = {}) {
  const text = VOC.labels[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function label(value) {
  return VOC.labels[language][`value.${value}`] ?? String(value ?? t("ui.none"));
}

function number(value, digits, signed = false) {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  if (signed) options.signDisplay = "exceptZero";
  return new Intl.NumberFormat(language, options).format(value);
}

const FORMATS = {
  text: String,
  label,
  date: String,
  time: String,
  number: (value) => number(value, 0),
  decimal: (value) => new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(value),
  // A score is cut, not rounded, so that it never contradicts its band.
  score: (value) => number(Math.trunc(value * 10) / 10, 1),
  nps: (value) => number(value, 1, true),
  points: (value) => number(value, 1, true),
  hundredths: (value) => number(value, 2, true),
  // Of a small share two decimals, for it is not nothing.
  share: (value) => t("ui.percent", { value: number(100 * value, value && Math.abs(value) < 0.01 ? 2 : 0) }),
  band: (value) => `${BANDS[value] ?? "●"} ${label(value)}`,
  hidden: (value) => t(value ? "ui.suppressed" : "ui.shown"),
  gap: (value) => number(value, 1, true),
  account: String,
};
const TEXTUAL = new Set(["text", "label", "date", "time", "band", "hidden", "account"]);

function format(kind, value) {
  return value === null || value === undefined ? t("ui.none") : FORMATS[kind](value);
}

// What stands at the end of a row of a chart.
function shown(row, kind) {
  if (row.value === null) return t(row.is_suppressed ? "ui.suppressed" : "ui.no_signal");
  const parts = [format(kind, row.value)];
  if (row.n !== undefined && row.n !== null) parts.push(t("ui.n", { n: format("number", row.n) }));
  if (row.is_reportable === false) parts.push(t("ui.few"));
  if (row.is_stale) parts.push(t("ui.stale"));
  return parts.join(" · ");
}

// The page

function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// A value may be written in any direction, and must not turn what is around it.
const value = (text) => el("bdi", { class: "value" }, text);

function rowsOf(table) {
  return (table?.rows ?? []).map((row) =>
    Object.fromEntries(table.columns.map((column, place) => [column, row[place]])));
}

function pageFile(page) { return page === "overview" ? "index.html" : `${page}.html`; }

function header() {
  const pages = Object.entries(VOC.pages).filter(([, page]) => page.listed !== false);
  const links = pages.map(([name]) =>
    el("li", {}, el("a", { href: pageFile(name), "aria-current": name === PAGE ? "page" : null },
      t(`page.${name}`))));
  const { as_of_date: asOf, finished_at: finished } = VOC.built;
  return el("header", {},
    el("a", { class: "skip", href: "#main" }, t("ui.skip")),
    el("div", { class: "bar" },
      el("p", { class: "brand" }, t("ui.brand")),
      el("p", { class: "as-of" }, asOf ? t("ui.as_of", { asOf, finished }) : t("ui.no_data")),
      el("div", { class: "switches" },
        el("button", { id: "language", type: "button", lang: language === "en" ? "zh" : "en",
          onclick: () => { language = language === "en" ? "zh" : "en";
            memory.set("voc-language", language); draw("language"); } }, t("ui.other_language")),
        el("button", { id: "theme", type: "button",
          onclick: () => { theme = isDark() ? "light" : "dark";
            memory.set("voc-theme", theme); draw("theme"); } },
        t(isDark() ? "ui.to_light" : "ui.to_dark")))),
    el("nav", { "aria-label": t("ui.pages") }, el("ul", {}, links)));
}

function isDark() {
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

// A switch that has the focus draws the same page again: what was searched and chosen stays.
async function draw(focused) {
  const kept = focused ? [...document.querySelectorAll("main input, main select")] : [];
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  if (theme) document.documentElement.dataset.theme = theme;
  document.title = `${t(`page.${PAGE}`)} – ${t("ui.brand")}`;
  const tables = PAGE === "account" ? await accountTables() : VOC.data;
  const main = el("main", { id: "main", tabindex: "-1" },
    el("h1", {}, t(`page.${PAGE}`)), el("p", { class: "question" }, t(`question.${PAGE}`)));
  document.body.replaceChildren(header(), main);
  if (PAGE === "account") {
    const [account] = rowsOf(tables?.account);
    if (!account) {
      main.append(el("p", { class: "no-data" },
        t(VOC.chunk_starts.length ? "ui.unknown_account" : "ui.no_data")),
      el("p", {}, el("a", { href: pageFile("accounts") }, t("page.accounts"))));
      return done(focused, kept);
    }
    main.querySelector("h1").replaceChildren(value(account.account_name ?? account.account_id));
    document.title = `${account.account_name ?? account.account_id} – ${t("ui.brand")}`;
  }
  const charts = [];
  for (const [name, panel] of Object.entries(VOC.pages[PAGE].panels)) {
    main.append(panelOf(name, panel, rowsOf(tables[panel.data]), charts));
  }
  await Promise.all(charts.map((drawChart) => drawChart()));
  done(focused, kept);
}

function done(focused, kept) {
  for (const { id, value } of kept) {
    const field = document.getElementById(id);
    if (field.value === value) continue;
    field.value = value;
    field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input"));
  }
  if (focused) document.getElementById(focused).focus();
  document.documentElement.dataset.drawn = `${language} ${isDark() ? "dark" : "light"}`;
}

// Whatever somebody typed there; decodeURIComponent would throw at a lone %.
const accountId = () => new URLSearchParams(`id=${location.hash.slice(1)}`).get("id");

// The rows of one account, from the chunk that holds it.
async function accountTables() {
  const id = accountId();
  const number = VOC.chunk_starts.findLastIndex((start) => start <= id);
  if (number < 0) return null;
  if (VOC.chunkNumber !== number) {
    await new Promise((resolve, reject) => document.head.append(el("script",
      { src: `data/accounts/${number}.js`, onload: resolve, onerror: reject })));
    VOC.chunkNumber = number;
  }
  return Object.fromEntries(Object.entries(VOC.chunk).map(([name, table]) => {
    const place = table.columns.indexOf("account_id");
    return [name, { columns: table.columns, rows: table.rows.filter((row) => row[place] === id) }];
  }));
}

// Panels

function panelOf(name, panel, rows, charts) {
  const section = el("section", { id: name, "aria-labelledby": `${name}-title` },
    el("h2", { id: `${name}-title` }, t(`panel.${name}`)), el("p", { class: "note" }, t(`note.${name}`)));
  if (panel.where) {
    rows = rows.filter((row) => Object.entries(panel.where).every(([column, is]) => row[column] === is));
  }
  if (!rows.length) {
    section.append(el("p", { class: "no-data" }, t("ui.no_data")));
    return section;
  }
  const body = el("div");
  if (panel.choose) section.append(chooser(name, panel, rows, (chosen) => fill(chosen, true)));
  section.append(body);
  if (panel.choose) rows = chosenRows(panel, rows, section.querySelector("select").value);
  fill(rows, false);
  return section;

  function fill(now, isLater) {
    if (panel.figures) body.replaceChildren(figures(panel.figures, now.at(-1)));
    else if (panel.table) {
      const ordered = panel.newest_first
        ? now.toSorted((one, other) => compare(other[panel.newest_first], one[panel.newest_first])) : now;
      body.replaceChildren(table(name, panel.table, ordered, panel.filters ?? []));
    } else {
      const figure = el("div", { class: "chart", role: "img",
        "aria-label": `${t(`panel.${name}`)}. ${t("ui.numbers_below")}` });
      const numbers = el("details", {}, el("summary", {}, t("ui.numbers")),
        table(`${name}-numbers`, numbersOf(panel), now, []));
      body.replaceChildren(figure, numbers);
      const drawIt = () => drawChart(figure, panel.spec, now);
      if (isLater) drawIt(); else charts.push(drawIt);
    }
  }
}

function options(rows, column) {
  return [...new Set(rows.map((row) => row[column]))].filter((one) => one !== null).sort(compare);
}

function chooser(name, panel, rows, onChoice) {
  const [[column, start]] = Object.entries(panel.choose);
  const values = options(rows, column);
  const first = { first: values[0], last: values.at(-1) }[start] ?? (values.includes(start) ? start : values[0]);
  const select = selectOf(`${name}-choose`, values, first);
  select.addEventListener("change", () => onChoice(chosenRows(panel, rows, select.value)));
  return el("p", { class: "controls" },
    el("label", { for: select.id }, t(`column.${column}`), " ", select));
}

function chosenRows(panel, rows, chosen) {
  const [column] = Object.keys(panel.choose);
  return rows.filter((row) => String(row[column]) === chosen);
}

function selectOf(id, values, selected) {
  return el("select", { id }, values.map((one) =>
    el("option", { value: one, selected: one === selected }, label(one))));
}

function figures(list, row) {
  return el("dl", { class: "figures" }, Object.entries(list).map(([name, figure]) => {
    const details = [];
    const of = (column) => format(figure.format, row[column]);
    if (row[figure.value] !== null) {
      if (figure.low) details.push(t(figure.bounds ? "ui.bounds" : "ui.interval",
        { low: of(figure.low), high: of(figure.high) }));
      if (figure.n) details.push(t("ui.n", { n: format("number", row[figure.n]) }));
      if (figure.few && row[figure.few] === false) details.push(t("ui.few"));
    }
    if (figure.of) details.push(t("ui.coverage", { share: format("share", row[figure.of]) }));
    if (figure.z && row[figure.z] !== null) {
      details.push(t(row[figure.note] ? "ui.significant" : "ui.not_significant",
        { z: number(row[figure.z], 2, true) }));
    } else if (figure.note && row[figure.note] !== null) details.push(label(row[figure.note]));
    const text = figure.to
      ? t("ui.range", { low: of(figure.value), high: of(figure.to) })
      : row[figure.value] === null ? t(figure.low ? "ui.no_signal" : "ui.none") : of(figure.value);
    return el("div", { id: `figure-${name}` }, el("dt", {}, t(`figure.${name}`)),
      el("dd", { class: "number" }, value(text)),
      figure.band ? el("dd", {}, band(row[figure.band])) : null,
      details.length ? el("dd", { class: "detail" }, details.join(" · ")) : null);
  }));
}

const band = (name) => name === null ? t("ui.none")
  : el("span", { class: "band", "data-band": name }, FORMATS.band(name));

// The numbers of a chart as a table, for whoever cannot see it or wants to copy them.
function numbersOf({ chart, choose, columns }) {
  if (chart.kind === "contributions") {
    return { period_end: "date", usage_contribution: "points", voc_contribution: "points",
      commercial_contribution: "points", service_contribution: "points", health_score: "score",
      score_low_bound: "score", score_high_bound: "score" };
  }
  const fixed = Object.keys(choose ?? {});
  const item = chart.kind === "history" ? { period_end: "date" } : { [chart.item ?? "item"]: "label" };
  const all = { ...item, ...(chart.series ? { measure: "label" } : {}), value: chart.number };
  if (chart.kind !== "bars" || chart.limits) Object.assign(all, { low: chart.number, high: chart.number });
  if (chart.target) all.target = chart.number;
  const withN = { ...all, n: "number", ...columns };
  return Object.fromEntries(Object.entries(withN).filter(([column]) => !fixed.includes(column)));
}

// Tables

function compare(one, other) {
  if (one === null || other === null) return (one === null) - (other === null);
  if (typeof one === "string") return one.localeCompare(other, language);
  return one < other ? -1 : Number(one > other);
}

function table(name, columns, rows, filters) {
  // Columns that the query does not have, such as an n of rows that are counts themselves.
  const shownColumns = Object.entries(columns).filter(([column]) => column in rows[0]);
  const isLong = rows.length > 12 && filters.length;
  const state = { search: "", sort: null, descending: false, page: 0 };
  const search = el("input", { id: `${name}-search`, type: "search", autocomplete: "off",
    oninput: () => { state.search = search.value.toLocaleLowerCase(); refresh(0); } });
  const selects = filters.map((column) => {
    const select = selectOf(`${name}-${column}`, options(rows, column), null);
    select.prepend(el("option", { value: "", selected: true }, t("ui.all")));
    select.addEventListener("change", () => refresh(0));
    return [column, select];
  });
  const count = el("p", { class: "count", role: "status" });
  const body = el("tbody");
  const heads = shownColumns.map(([column, kind]) => el("th", { scope: "col",
    class: TEXTUAL.has(kind) ? null : "numeric" },
  el("button", { type: "button", "data-column": column, onclick: () => sortBy(column) }, t(`column.${column}`))));
  const earlier = el("button", { type: "button", class: "earlier", onclick: () => refresh(state.page - 1) }, t("ui.earlier"));
  const later = el("button", { type: "button", class: "later", onclick: () => refresh(state.page + 1) }, t("ui.later"));
  const pager = el("p", { class: "controls pager" }, earlier, later);
  // Made once: a search over all rows then is a look at one text a row.
  const texts = filters.length ? rows.map((row) =>
    shownColumns.map(([column, kind]) => TEXTUAL.has(kind) ? format(kind, row[column]) : "")
      .concat(String(row.account_id ?? "")).join("\n").toLocaleLowerCase()) : [];
  const order = rows.map((_, place) => place);
  refresh(0);
  return el("div", { class: "table", "data-table": name },
    filters.length ? el("div", { class: "controls" },
      el("label", { for: search.id }, t("ui.search"), " ", search),
      selects.map(([column, select]) => el("label", { for: select.id }, t(`column.${column}`), " ", select))) : null,
    isLong || rows.length > ROWS_A_PAGE ? count : null,
    el("div", { class: "scroll", tabindex: "0", role: "region",
      "aria-label": name.endsWith("-numbers") ? t("ui.numbers_of", { panel: t(`panel.${name.slice(0, -8)}`) }) : t("ui.table_of", { panel: t(`panel.${name}`) }) },
    el("table", {}, el("thead", {}, el("tr", {}, heads)), body)),
    pager);

  function sortBy(column) {
    state.descending = state.sort === column ? !state.descending : false;
    state.sort = column;
    for (const [place, [name]] of shownColumns.entries()) {
      if (name === column) heads[place].setAttribute("aria-sort", state.descending ? "descending" : "ascending");
      else heads[place].removeAttribute("aria-sort");
    }
    // What is missing stays at the end, whichever way the rest goes.
    order.sort((one, other) => {
      const [a, b] = [rows[one][column], rows[other][column]];
      const result = compare(a, b);
      return (a === null || b === null || !state.descending ? result : -result) || one - other;
    });
    refresh(0);
  }

  function refresh(page) {
    const chosen = selects.filter(([, select]) => select.value !== "");
    const found = order.filter((place) => (!state.search || texts[place].includes(state.search))
      && chosen.every(([column, select]) => String(rows[place][column]) === select.value));
    const pages = Math.max(1, Math.ceil(found.length / ROWS_A_PAGE));
    state.page = page;
    const from = page * ROWS_A_PAGE;
    const visible = found.slice(from, from + ROWS_A_PAGE);
    count.textContent = t("ui.count", { from: number(found.length ? from + 1 : 0, 0),
      to: number(from + visible.length, 0), all: number(found.length, 0) });
    pager.hidden = pages === 1;
    earlier.disabled = page === 0;
    later.disabled = page === pages - 1;
    body.replaceChildren(...visible.map((place) => el("tr", {},
      shownColumns.map(([column, kind], at) => cell(kind, column, rows[place], at === 0)))));
    if (!visible.length) {
      body.append(el("tr", {}, el("td", { colspan: shownColumns.length, class: "no-data" }, t("ui.nothing_found"))));
    }
  }
}

function cell(kind, column, row) {
  const attributes = { class: !TEXTUAL.has(kind) ? "numeric" : kind === "date" || kind === "time" ? "when" : null };
  const now = row[column];
  if (now === null) return el("td", attributes, t("ui.none"));
  if (kind === "account" && row.account_id) {
    return el("th", { scope: "row" }, el("a",
      { href: `account.html#${encodeURIComponent(row.account_id)}` }, value(now)));
  }
  if (kind === "band") return el("td", attributes, band(now));
  const text = format(kind, now);
  const few = kind === "gap" && row.is_reportable === false ? ` (${t("ui.few")})` : "";
  return el("td", attributes, value(text + few));
}

// Charts

// The color a variable of the style sheet has in this theme.
function color(variable) {
  const probe = el("span", { style: `color: var(${variable})` });
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function filledIn(part) {
  if (typeof part === "string") {
    return part.startsWith("@") ? t(part.slice(1)) : part.startsWith("--") ? color(part) : part;
  }
  if (Array.isArray(part)) return part.map(filledIn);
  if (part && typeof part === "object") {
    return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, filledIn(one)]));
  }
  return part;
}

function chartConfig() {
  const [ink, line, muted] = ["--ink", "--line", "--muted"].map(color);
  const series = [1, 2, 3, 4].map((place) => color(`--series-${place}`));
  const font = getComputedStyle(document.body).fontFamily;
  return {
    background: "transparent", font, aria: false, range: { category: series },
    axis: { labelColor: ink, titleColor: muted, gridColor: line, domainColor: line, tickColor: line,
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" },
    legend: { labelColor: ink, labelFontSize: 12 },
    view: { stroke: line }, text: { fontSize: 12 },
  };
}

// A text in lines of so many characters, broken between words.
function broken(text, length) {
  return text.split(" ").reduce((lines, word) => {
    const last = lines.at(-1);
    return last !== undefined && last.length + word.length < length
      ? [...lines.slice(0, -1), `${last} ${word}`] : [...lines, word];
  }, []);
}

async function drawChart(figure, spec, rows) {
  const filled = { ...filledIn(spec), config: chartConfig(), data: { values: rows },
    autosize: { type: "fit-x", contains: "padding" } };
  const isNarrow = figure.clientWidth < 560;
  if (spec.usermeta) {
    const { item, row_height: rowHeight, lines } = spec.usermeta;
    filled.height = new Set(rows.map((row) => row[item])).size * (rowHeight + (isNarrow ? 12 * lines : 0));
    // Where there is no room at the end of a row, its text stands above it.
    if (isNarrow) {
      for (const { mark, encoding } of filled.layer) {
        if (mark.type === "text") Object.assign(mark, { align: "right", dx: 0, dy: -14 });
        if (mark.type === "bar") mark.height = { band: 0.4 };
        encoding.y.axis.labelLimit = figure.clientWidth / 3;
        for (const { legend } of [encoding.color, encoding.shape].filter(Boolean)) {
          if (legend) legend.columns = 1;
        }
      }
    }
  }
  // The figure itself says what it is; Vega's words for it are in no language of ours.
  const drawing = el("div", { "aria-hidden": "true" });
  figure.replaceChildren(drawing);
  const item = isNarrow ? (one) => broken(label(one), figure.clientWidth / 24) : label;
  await vegaEmbed(drawing, filled,
    { actions: false, renderer: "svg", expressionFunctions: { label, item, shown } });
}

addEventListener("hashchange", () => { if (PAGE === "account") draw(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (!theme) draw(); });
draw();
