/* Pretends to be the functions that WeChat's browser offers to pages: asks the sandbox what to show, shows it, and calls
   back with what WeChat would say. Loaded only by a shop with XINKA_SANDBOX=1. */
(() => {
  "use strict";
  const post = async (url, body) => (await fetch(url, { method: "POST", body })).json();
  const element = (name, text, kind) => Object.assign(document.createElement(name), { textContent: text, className: kind || "" });
  /* Paying needs no permission beyond the signature of its fields; the other call is the JS-SDK's. */
  const CALLS = { getBrandWCPayRequest: "/sandbox/wechat/bridge", requestMerchantTransfer: "/sandbox/wechat/confirm" };
  let allowed = ["getBrandWCPayRequest"], told = null, onReady = null, onError = null;

  const ask = (window_, back) => {
    const sheet = element("dialog", "", "p st2"), title = element("h2", window_.title), buttons = element("div", "", "st");
    title.id = "bridge-title";
    sheet.setAttribute("aria-labelledby", title.id);
    sheet.append(title, element("p", window_.payee, "s m"), element("p", window_.amount, "price-xl"), buttons);
    window_.choices.forEach(({ words, url }, place) => {
      const button = element("button", words, place ? "btn full" : "btn pri full");
      button.type = "button";
      button.addEventListener("click", async () => { sheet.remove(); back(await post(url)); });
      buttons.append(button);
    });
    sheet.addEventListener("cancel", () => { sheet.remove(); back({ err_msg: window_.closed }); });
    document.body.append(sheet);
    sheet.showModal();
  };

  window.WeixinJSBridge = {
    async invoke(call, fields, back) {
      if (!CALLS[call]) { back({ err_msg: "system:function_not_exist" }); return; }
      if (!allowed.includes(call)) { back({ err_msg: "system:access_denied" }); return; }
      const found = await post(CALLS[call], JSON.stringify(fields));
      if (found.choices) ask(found, back); else back(found);
    },
  };

  const tell = () => {
    if (!told) return;
    if (told.errMsg === "config:ok") onReady?.(); else onError?.(told);
  };
  window.wx = {
    async config(fields) {
      told = await post("/sandbox/wechat/js-config", JSON.stringify({ ...fields, url: location.href.split("#")[0] }));
      allowed = [...allowed, ...told.allowed];
      tell();
    },
    ready(back) { onReady = back; tell(); },
    error(back) { onError = back; tell(); },
    checkJsApi({ jsApiList, success }) { success({ checkResult: Object.fromEntries(jsApiList.map((call) => [call, allowed.includes(call) && Boolean(CALLS[call])])) }); },
  };
  document.addEventListener("DOMContentLoaded", () => document.dispatchEvent(new Event("WeixinJSBridgeReady")));
})();
