/* Passkeys, the strength of a new password, and showing what was typed. Every page works without, except passkeys. */
(function () {
  "use strict";

  function toBytes(text) {
    const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;
  }

  function toText(buffer) {
    const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
    return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function withBytes(list) {
    return (list || []).map((item) => ({ ...item, id: toBytes(item.id) }));
  }

  async function create(options) {
    const publicKey = { ...options.publicKey };
    publicKey.challenge = toBytes(publicKey.challenge);
    publicKey.user = { ...publicKey.user, id: toBytes(publicKey.user.id) };
    publicKey.excludeCredentials = withBytes(publicKey.excludeCredentials);
    publicKey.authenticatorSelection = {
      ...publicKey.authenticatorSelection,
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    };
    const made = await navigator.credentials.create({ publicKey });
    const response = {
      clientDataJSON: toText(made.response.clientDataJSON),
      attestationObject: toText(made.response.attestationObject),
      transports: made.response.getTransports ? made.response.getTransports() : [],
    };
    return describe(made, response);
  }

  async function get(options) {
    const publicKey = { ...options.publicKey };
    publicKey.challenge = toBytes(publicKey.challenge);
    publicKey.allowCredentials = withBytes(publicKey.allowCredentials);
    const found = await navigator.credentials.get({ publicKey });
    const handle = found.response.userHandle;
    const response = {
      clientDataJSON: toText(found.response.clientDataJSON),
      authenticatorData: toText(found.response.authenticatorData),
      signature: toText(found.response.signature),
      userHandle: handle ? toText(handle) : null,
    };
    return describe(found, response);
  }

  function describe(credential, response) {
    return {
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    };
  }

  async function optionsFor(kind, form) {
    if (kind !== "login") return JSON.parse(document.getElementById("passkey-options").textContent);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("passkey options: " + answer.status);
    return (await answer.json()).request_options;
  }

  function complain(form, reason) {
    const line = form.querySelector("[data-passkey-error]");
    line.querySelector("span").textContent = line.dataset[reason];
    line.hidden = false;
  }

  async function usePasskey(button) {
    const form = button.form;
    const kind = button.dataset.passkey;
    if (!window.PublicKeyCredential) return complain(form, "unsupported");
    button.setAttribute("aria-busy", "true");
    try {
      const options = await optionsFor(kind, form);
      const credential = await (kind === "create" ? create(options.creation_options) : get(options.request_options || options));
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch (error) {
      button.removeAttribute("aria-busy");
      complain(form, error.name === "SecurityError" ? "domain" : "cancelled");
    }
  }

  function watchStrength(input) {
    const meter = input.closest(".fld").querySelector("[data-meter]");
    const token = input.form.elements.csrfmiddlewaretoken.value;
    const email = input.form.elements.email;
    let timer = 0;
    let latest = 0;
    async function ask() {
      const mine = (latest += 1);
      const body = new URLSearchParams({ password: input.value, email: email ? email.value : "" });
      const answer = await fetch(meter.dataset.meter, { method: "POST", headers: { "X-CSRFToken": token }, body });
      if (mine !== latest || !answer.ok) return;
      const measured = await answer.json();
      meter.dataset.score = measured.score;
      meter.toggleAttribute("data-enough", measured.enough);
      meter.querySelector("rect").setAttribute("width", String(measured.score * 25 || 6));
      meter.querySelector("p").textContent = measured.text;
      meter.hidden = false;
    }
    // What was wrong with the password before says nothing of the one that is being typed.
    function forgetErrors() {
      const errors = document.getElementById(input.id + "_error");
      if (!errors) return;
      errors.remove();
      input.removeAttribute("aria-invalid");
      const describedBy = (input.getAttribute("aria-describedby") || "").split(" ").filter((id) => id !== errors.id);
      input.setAttribute("aria-describedby", describedBy.join(" "));
    }
    input.addEventListener("input", () => {
      forgetErrors();
      clearTimeout(timer);
      meter.hidden = meter.hidden || !input.value;
      if (input.value) timer = setTimeout(() => ask().catch(() => {}), 400);
    });
  }

  function addShowButton(input) {
    const { show, hide } = input.closest(".acc").dataset;
    const box = document.createElement("span");
    const button = document.createElement("button");
    box.className = "acc-pass";
    button.type = "button";
    button.textContent = show;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.textContent = shown ? show : hide;
      button.setAttribute("aria-pressed", String(!shown));
    });
    input.replaceWith(box);
    box.append(input, button);
  }

  document.querySelectorAll("[data-passkey]").forEach((button) => button.addEventListener("click", () => usePasskey(button)));
  document.querySelectorAll("input[data-strength]").forEach(watchStrength);
  document.querySelectorAll('.acc input[type="password"]').forEach(addShowButton);
})();
