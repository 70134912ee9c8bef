/* Calls a function of WeChat's browser, to pay or to confirm: hands the signed fields to it and shows what it says. What
   it says is no proof: the page goes on asking for the order's state (trade.js), or the gateway is asked when it leads
   on, and only the gateway's word changes anything. Confirming first needs a permission for this page (wx.config). */
(() => {
  "use strict";
  const box = document.querySelector("[data-bridge]");
  if (!box) return;
  const fields = JSON.parse(box.dataset.bridge), config = box.dataset.config ? JSON.parse(box.dataset.config) : null;
  const READY_WITHIN = 8000, READ_FOR = 2500;
  let busy = false, open = !config;

  const show = (state) => box.querySelectorAll("[data-inside]").forEach((node) => { node.hidden = !node.dataset.inside.split(" ").includes(state); });
  const ended = (answer) => {
    busy = false;
    const said = String(answer?.err_msg ?? "").split(":").pop();
    const state = ["ok", "cancel"].includes(said) ? said : "fail";
    show(state);
    if (state === "ok") setTimeout(() => location.assign(box.dataset.paid), READ_FOR);
    else box.querySelector("[data-again]").focus();
  };
  const call = () => {
    if (busy) return;
    if (!window.WeixinJSBridge) { show("absent"); return; }
    busy = true;
    show("wait");
    window.WeixinJSBridge.invoke(box.dataset.call, fields, ended);
  };
  const begin = () => {
    if (window.WeixinJSBridge) { call(); return; }
    const late = setTimeout(call, READY_WITHIN);
    document.addEventListener("WeixinJSBridgeReady", () => { clearTimeout(late); call(); }, { once: true });
  };
  const permit = () => {
    if (!window.wx?.config) { show("absent"); return; }
    const late = setTimeout(() => show("denied"), READY_WITHIN);
    window.wx.error(() => { clearTimeout(late); if (!open) show("denied"); });
    window.wx.ready(() => window.wx.checkJsApi({
      jsApiList: config.jsApiList,
      success: (found) => {
        clearTimeout(late);
        open = Boolean(found.checkResult?.[box.dataset.call]);
        if (open) begin(); else show("denied");
      },
    }));
    window.wx.config({ debug: false, ...config });
  };

  box.querySelector("[data-again]").addEventListener("click", () => { if (open) call(); else location.reload(); });
  if (open) begin(); else permit();
})();
