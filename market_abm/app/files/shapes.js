// Lines of the network from their pieces, four numbers each: the geometry of market_abm/app/curves.py.
(function () {
  "use strict";
  const POINTS = 13, ROUND = 16, PULL = 70;
  const basis = Array.from({ length: POINTS }, (_, i) => {
    const t = i / (POINTS - 1), s = 1 - t;
    return [s * s * s, 3 * t * s * s, 3 * t * t * s, t * t * t];
  });

  // A cubic that leaves and arrives level; within a tier it bows to the right.
  function curve(x0, y0, x1, y1, x, y) {
    const half = (x1 - x0) / 2, [xa, xb] = x1 > x0 ? [x0 + half, x1 - half] : [x0 + PULL, x1 + PULL];
    basis.forEach(([a, b, c, d]) => {
      x.push(a * x0 + b * xa + c * xb + d * x1);
      y.push((a + b) * y0 + (c + d) * y1);
    });
  }

  // Part of a circle, clockwise from the top.
  function arc(x0, y0, radius, share, x, y) {
    const last = Math.max(1, Math.round((radius > ROUND ? 36 : 18) * share));
    for (let i = 0; i <= last; i += 1) {
      const angle = (2 * Math.PI * share * i) / last;
      x.push(x0 + radius * Math.sin(angle));
      y.push(y0 - radius * Math.cos(angle));
    }
  }

  // A trace with its pieces as points, a gap after each; one without pieces as it is.
  function drawn(trace) {
    const { curves, arcs, ...rest } = trace;
    if (!curves && !arcs) return trace;
    const x = [], y = [];
    (curves || arcs).forEach((piece) => {
      (curves ? curve : arc)(...piece, x, y);
      x.push(null);
      y.push(null);
    });
    return { ...rest, x, y };
  }

  window.marketShapes = { drawn };
})();
