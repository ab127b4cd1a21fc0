// What the theme leaves out for people who use a screen reader or the keyboard alone.
addEventListener("DOMContentLoaded", () => {
  for (const caption of document.querySelectorAll("p.caption[role='heading']")) caption.ariaLevel = "2";
  for (const [name, label] of [["sidebar-drawer", "Pages"], ["toc-drawer", "On this page"]]) {
    for (const part of document.querySelectorAll(`aside.${name}`)) part.ariaLabel = label;
  }
  for (const code of document.querySelectorAll("pre, .table-wrapper")) code.tabIndex = 0; // scrolled by the arrow keys
  for (const source of document.querySelectorAll("[role='doc-biblioentry']")) source.role = "listitem";
  for (const corner of document.querySelectorAll("th")) {
    if (!corner.textContent.trim()) corner.role = "presentation";
  }
});
