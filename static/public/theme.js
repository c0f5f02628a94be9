// Runs before the first paint, so that a dark page never flashes white; the choice itself is made in the person's menu.
(function () {
  var root = document.documentElement;
  var scheme = null;
  try {
    scheme = localStorage.getItem("scheme");
  } catch {
    // Storage may be refused: the system's own theme it is.
  }
  if (scheme !== "light" && scheme !== "dark") scheme = "system";
  var dark = scheme === "dark" || (scheme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.setAttribute("data-fr-scheme", scheme);
  root.setAttribute("data-fr-theme", dark ? "dark" : "light");
})();
