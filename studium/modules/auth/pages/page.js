(function () {
  "use strict";
  var form = document.getElementById("form");
  var answer = document.getElementById("answer");
  var button = form.querySelector("button");
  var show = document.getElementById("show");
  var token = new URLSearchParams(location.search).get("token") || "";
  function say(text, good) {
    answer.textContent = text;
    answer.className = good ? "good" : "bad";
  }
  function finish(text) {
    form.hidden = true;
    document.getElementById("lead").hidden = true;
    say(text, true);
  }
  if (show) {
    show.addEventListener("change", function () {
      document.getElementById("password").type = show.checked ? "text" : "password";
    });
  }
  if (!token) {
    form.hidden = true;
    say("This address is incomplete. Open the link in the mail again.", false);
  }
  form.addEventListener("submit", async function (event) {
    event.preventDefault();
    button.disabled = true;
    say("", true);
    var body = Object.fromEntries(new FormData(form));
    body.token = token;
    try {
      var response = await fetch(form.dataset.action, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
        credentials: "omit"
      });
      var found = await response.json();
      if (response.ok) {
        history.replaceState(null, "", location.pathname);
        finish(found.message);
      } else {
        var first = found.errors && found.errors[0];
        say(first ? first.detail : found.detail, false);
      }
    } catch (error) {
      say("The server could not be reached. Try again.", false);
    }
    button.disabled = false;
  });
})();
