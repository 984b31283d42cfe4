// Pages need no script: without this one, a click selects a whole command, and a link asks again for what is not known yet.
if (document.querySelector("[data-again]")) setTimeout(() => location.reload(), 2000);
if (navigator.clipboard) {
  for (const command of document.querySelectorAll(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy the command: " + command.querySelector(".name").textContent);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    command.append(button);
  }
}
