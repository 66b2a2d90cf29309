// Patches a drawn Plotly figure in place. From frame to frame only places, sizes, colours and words differ; setting
// them takes a tenth of Plotly's own pass. Shapes and words are copies of what Plotly drew, places come from its axes;
// whatever else differs is refused, and Plotly draws the figure anew.
(function () {
  "use strict";
  const drawn = new WeakMap(); // by element: what it looked like when Plotly drew it, and the groups of its traces
  const symbols = new Map(); // by name: the outline as Plotly drew it, word by word, and its size
  let painted = new WeakMap(); // by node: styles as they were set here since Plotly drew last
  const writing = new Map(); // by markup without its words and font size: the node as Plotly drew it

  const rounded = (value) => Math.round(value * 100) / 100;
  const each = (value, i) => (Array.isArray(value) ? value[i] : value);
  const markup = (text) => text.replace(/(^|>)[^<>]+/g, "$1·");
  const words = (text) => text.split(/<[^>]*>/).filter(Boolean).map((word) => word.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&"));
  const kind = (trace, i) => each(trace.textfont.size, i) + trace.textposition + markup(each(trace.text, i));

  // A browser lays out anew what is set, also to what it was.
  function put(node, name, value) {
    const text = String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }

  // Also for styles, which a browser gives back in words of its own.
  function paint(node, name, value) {
    const styles = painted.get(node) || painted.set(node, {}).get(node);
    if (styles[name] !== value) node.style[name] = styles[name] = value;
  }

  // Everything about a figure that a patch leaves as it is, as one text.
  function look(data, layout) {
    const traces = data.map(({ x, y, text, customdata, marker = {}, textfont = {}, ...rest }) => {
      const { size, symbol, color, line, ...mark } = marker;
      return [rest, mark, { ...textfont, color: 0 }];
    });
    const shapes = (layout.shapes || []).map((shape) => ({ ...shape, x0: 0, x1: 0 }));
    return JSON.stringify([traces, { ...layout, shapes }]);
  }

  // Note what Plotly has just drawn, and what it was asked for (it writes into layouts).
  function learn(element, data, asked) {
    const groups = element._fullData.map((trace) => element.querySelector(".scatterlayer > .trace" + trace.uid));
    drawn.set(element, { look: asked, groups });
    painted = new WeakMap();
    data.forEach((trace, k) => {
      if (!groups[k]) return;
      if (trace.mode.includes("markers")) {
        groups[k].querySelectorAll(".point").forEach((node, i) => {
          const name = each(trace.marker.symbol, i) || "circle", size = each(trace.marker.size, i);
          if (!symbols.has(name) || symbols.get(name).size < size) symbols.set(name, { size, words: outline(node.getAttribute("d")) });
        });
      }
      if (trace.mode.includes("text")) {
        groups[k].querySelectorAll(".textpoint").forEach((node, i) => {
          if (node.firstElementChild && !writing.has(kind(trace, i))) writing.set(kind(trace, i), node.cloneNode(true));
        });
      }
    });
  }

  // An outline at another size: its words are letters, lengths, and the flags of arcs, which are no lengths.
  function resized(symbol, size) {
    const ratio = size / symbol.size;
    return symbol.words.map((word) => (typeof word === "number" ? rounded(word * ratio) : word)).join(" ");
  }

  function outline(path) {
    return (path.match(/[A-Za-z][^A-Za-z]*/g) || []).flatMap((part) => {
      const numbers = part.slice(1).match(/-?[\d.]+/g) || [];
      return [part[0], ...numbers.map((n, i) => (part[0] === "A" && i > 1 && i < 5 ? n : +n))];
    });
  }

  const same = (one, other) => one.length === other.length && one.every((value, i) => value === other[i]);

  function line(group, trace, place, was) {
    if (same(trace.x, was.x) && same(trace.y, was.y)) return true;
    let path = "", pen = "M";
    for (let i = 0; i < trace.x.length; i += 1) {
      if (trace.x[i] === null || trace.y[i] === null) {
        pen = "M";
      } else {
        path += pen + place.x(trace.x[i]) + "," + place.y(trace.y[i]);
        pen = "L";
      }
    }
    const layer = group.querySelector(".lines");
    while (layer.childElementCount > 1) layer.lastElementChild.remove();
    let node = layer.firstElementChild;
    if (!node) {
      const { color, width, dash } = trace.line;
      if (dash !== "solid" && !dash.includes("px")) return false; // Plotly knows how long its dashes are
      node = document.createElementNS("http://www.w3.org/2000/svg", "path");
      node.setAttribute("class", "js-line");
      node.style.cssText = "fill: none; stroke: " + color + "; stroke-width: " + width + "px; stroke-dasharray: " + (dash === "solid" ? "none" : dash);
      layer.appendChild(node);
    }
    put(node, "d", path || "M0,0");
    return true;
  }

  // As many nodes as there are points: copies of the first one.
  function counted(layer, count) {
    layer.model = layer.firstElementChild ? layer.firstElementChild.cloneNode(true) : layer.model;
    while (layer.childElementCount > count) layer.lastElementChild.remove();
    while (layer.model && layer.childElementCount < count) layer.appendChild(layer.model.cloneNode(true));
    return layer.childElementCount === count ? [...layer.children] : null;
  }

  function points(group, trace, place) {
    const nodes = counted(group.querySelector(".points"), trace.x.length), marker = trace.marker;
    return nodes !== null && nodes.every((node, i) => {
      const symbol = symbols.get(each(marker.symbol, i) || "circle");
      if (!symbol || trace.x[i] === null || trace.y[i] === null) return false;
      put(node, "transform", "translate(" + place.x(trace.x[i]) + "," + place.y(trace.y[i]) + ")");
      put(node, "d", resized(symbol, each(marker.size, i)));
      paint(node, "fill", each(marker.color, i));
      if (marker.line) {
        paint(node, "stroke", each(marker.line.color, i));
        paint(node, "strokeWidth", each(marker.line.width, i) + "px");
      }
      return true;
    });
  }

  function names(group, trace, place) {
    const layer = group.querySelector(".text"), nodes = counted(layer, trace.x.length);
    return nodes !== null && nodes.every((node, i) => {
      const text = each(trace.text, i);
      if (!text) {
        node.replaceChildren();
        return true;
      }
      let label = node.firstElementChild;
      if (!label || label.getAttribute("data-unformatted") !== text) {
        const model = writing.get(kind(trace, i));
        if (!model) return false;
        const fresh = model.cloneNode(true), said = words(text);
        const walk = document.createTreeWalker(fresh, NodeFilter.SHOW_TEXT), spoken = [];
        while (walk.nextNode()) if (/[^\s\u200b]/.test(walk.currentNode.data)) spoken.push(walk.currentNode);
        if (spoken.length !== said.length) return false;
        spoken.forEach((part, k) => { part.data = said[k]; });
        layer.replaceChild(fresh, node);
        label = fresh.firstElementChild;
        label.setAttribute("data-unformatted", text);
      }
      const x = place.x(trace.x[i]), y = place.y(trace.y[i]);
      [label, ...label.querySelectorAll("tspan.line")].forEach((part) => {
        put(part, "x", x);
        put(part, "y", y);
      });
      paint(label, "fill", each(trace.textfont.color, i));
      return true;
    });
  }

  function moved(element, layout, axis) {
    return (layout.shapes || []).every((shape, i) => {
      if (element.layout.shapes[i].x0 === shape.x0) return true;
      const node = element.querySelector(".shapelayer path[data-index='" + i + "']");
      if (!node) return false;
      const x = rounded(axis._offset + axis.r2p(shape.x0));
      node.setAttribute("d", node.getAttribute("d").replace(/([ML])[^,]*,/g, "$1" + x + ","));
      return true;
    });
  }

  // Whether the drawn figure could be made to show these data; if not, Plotly has to draw.
  function patch(element, data, layout) {
    const before = drawn.get(element);
    if (!before || before.look !== look(data, layout)) return false;
    const { xaxis, yaxis } = element._fullLayout;
    const place = { x: (value) => rounded(xaxis.d2p(value)), y: (value) => rounded(yaxis.d2p(value)) };
    const done = data.every((trace, k) => {
      const group = before.groups[k];
      if (!group) return !trace.x.length;
      return (!trace.mode.includes("lines") || line(group, trace, place, element.data[k]))
        && (!trace.mode.includes("markers") || points(group, trace, place))
        && (!trace.mode.includes("text") || names(group, trace, place));
    });
    if (!done || !moved(element, layout, xaxis)) return false;
    element.data = data;
    element.layout.shapes = layout.shapes;
    return true;
  }

  window.marketPatch = { look, learn, patch };
})();
