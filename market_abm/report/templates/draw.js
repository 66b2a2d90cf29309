"use strict";
const config = {responsive: true, displayModeBar: false, scrollZoom: false, doubleClick: false};
const plots = figures.map((figure) => document.getElementById(figure.id));
function fitted(layout, width) {
  if (width > 520) return layout;
  const small = structuredClone(layout);
  small.font = {...small.font, size: 11};
  if (small.meta && small.meta.narrow) Object.assign(small, small.meta.narrow);
  for (const name of Object.keys(small)) {
    const axis = small[name];
    if (!/^xaxis/.test(name) || axis.tickmode !== "array" || axis.type !== "category") continue;
    const every = Math.ceil(axis.tickvals.length / 4);
    axis.tickvals = axis.tickvals.filter((_, step) => step % every === 0);
  }
  return small;
}
function draw(step, width) {
  const layout = fitted(figures[step].layout, width || plots[step].clientWidth);
  if (width) Object.assign(layout, {width: width, autosize: false});
  return Plotly.react(plots[step], figures[step].data, layout, config);
}
figures.forEach((figure, step) => draw(step));
let seen = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth === seen) return;
  seen = window.innerWidth;
  figures.forEach((figure, step) => draw(step));
});
window.addEventListener("beforeprint", () => {
  figures.forEach((figure, step) => {
    const alone = plots[step].closest(".panels").classList.contains("one");
    Plotly.react(plots[step], figure.data, {...figure.layout, width: alone ? 680 : 330, autosize: false}, config);
  });
});
window.addEventListener("afterprint", () => figures.forEach((figure, step) => {
  Plotly.react(plots[step], figure.data, {...fitted(figure.layout, plots[step].parentElement.clientWidth), autosize: true}, config);
}));
