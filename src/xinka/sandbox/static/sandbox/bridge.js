/* Pretends to be the function that WeChat's browser offers to pages: asks the sandbox what to show, shows it, and calls
   back with what WeChat would say. Loaded only by a shop with XINKA_SANDBOX=1. */
(() => {
  "use strict";
  const post = async (url, body) => (await fetch(url, { method: "POST", body })).json();
  const element = (name, text, kind) => Object.assign(document.createElement(name), { textContent: text, className: kind || "" });

  const ask = (told, back) => {
    const sheet = element("dialog", "", "p st2"), title = element("h2", told.title), buttons = element("div", "", "st");
    title.id = "bridge-title";
    sheet.setAttribute("aria-labelledby", title.id);
    sheet.append(title, element("p", told.payee, "s m"), element("p", told.amount, "price-xl"), buttons);
    told.choices.forEach(({ words, url }, place) => {
      const button = element("button", words, place ? "btn full" : "btn pri full");
      button.type = "button";
      button.addEventListener("click", async () => { sheet.remove(); back(await post(url)); });
      buttons.append(button);
    });
    sheet.addEventListener("cancel", () => { sheet.remove(); back({ err_msg: "get_brand_wcpay_request:cancel" }); });
    document.body.append(sheet);
    sheet.showModal();
  };

  window.WeixinJSBridge = {
    async invoke(call, fields, back) {
      if (call !== "getBrandWCPayRequest") { back({ err_msg: "system:function_not_exist" }); return; }
      const told = await post("/sandbox/wechat/bridge", JSON.stringify(fields));
      if (told.choices) ask(told, back); else back(told);
    },
  };
  document.addEventListener("DOMContentLoaded", () => document.dispatchEvent(new Event("WeixinJSBridgeReady")));
})();
