// Forms that make or show a passkey ([data-passkey]); without this file, or in a browser that can't, they stay hidden.
"use strict";

const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON;

for (const form of able ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const says = form.querySelector("[data-says]");
    says.textContent = "";
    try {
      const token = { "X-CSRFToken": form.elements.csrf_token.value };
      const reply = await fetch(form.dataset.options, { method: "POST", headers: token });
      if (reply.redirected) return location.assign(reply.url); // who it is must be shown first
      const options = await reply.json();
      const made =
        form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
          : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      form.elements.answer.value = JSON.stringify(made);
      HTMLFormElement.prototype.submit.call(form);
    } catch {
      says.textContent = form.dataset.refused;
    }
  });
}
