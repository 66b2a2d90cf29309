// What the tests ask of a drawn page. A script of its own, so that the questions can be read.
window.asked = {
  // Labels of figures that reach beyond their drawing.
  cut() {
    return [...document.querySelectorAll(".plot")].flatMap((plot) => {
      const box = plot.getBoundingClientRect();
      return [...plot.querySelectorAll("text")].filter((text) => {
        const own = text.getBoundingClientRect();
        if (!(own.width > 0) || !text.textContent.trim()) return false;
        return own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1 || own.bottom > box.bottom + 1;
      }).map((text) => `${plot.id}: ${text.textContent}`);
    });
  },
  // Pairs of labels of one kind that lie on each other.
  overlapping() {
    const over = [];
    for (const plot of document.querySelectorAll(".plot")) {
      for (const kind of [".xtick text", ".ytick text", ".annotation"]) {
        const boxes = [...plot.querySelectorAll(kind)].map((item) => [item.textContent, item.getBoundingClientRect()]);
        boxes.forEach(([name, a], step) => boxes.slice(step + 1).forEach(([other, b]) => {
          const across = a.left < b.right - 1 && b.left < a.right - 1;
          if (across && a.top < b.bottom - 2 && b.top < a.bottom - 2) over.push(`${plot.id}: ${name} and ${other}`);
        }));
      }
    }
    return over;
  },
  // Figures without a mark.
  empty() {
    const marks = ".plot path, .points path, .lines path, .sankey path, .heatmaplayer image";
    return [...document.querySelectorAll(".plot")].filter((plot) => !plot.querySelector(marks)).map((plot) => plot.id);
  },
  // Texts that are too small to read.
  small() {
    return [...document.querySelectorAll("p, li, td, th, dd, dt, h1, h2, h3, h4, span")].filter((item) => {
      return item.textContent.trim() && parseFloat(getComputedStyle(item).fontSize) < 11.5;
    }).map((item) => item.textContent.slice(0, 80));
  },
  drawn() {
    const all = document.querySelectorAll(".plot").length;
    return all > 0 && all === document.querySelectorAll(".plot.js-plotly-plot").length;
  },
  opened() {
    document.querySelectorAll("details").forEach((item) => { item.open = true; });
  },
  widths() {
    return [...document.querySelectorAll(".plot .main-svg")].map((svg) => svg.getBoundingClientRect().width);
  },
  labels() {
    return [...document.querySelectorAll(".legend li span")].map((item) => item.textContent);
  },
  foreign() {
    return document.querySelectorAll("iframe, object, embed, base, link, img, video, form").length;
  },
  dangling() {
    const links = [...document.querySelectorAll("nav a")];
    return links.filter((link) => !document.querySelector(link.getAttribute("href"))).length;
  },
};
