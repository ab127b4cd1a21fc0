var M={size:280,pen_width:16,smallest:160,largest:600,slow_ms:1e3,no_answer:"🤔"};var W={languages:["en","de","zh","hi"],texts:{ask:["Is the answer right?","Stimmt die Antwort?","答案对吗？","क्या उत्तर सही है?"],right:["Right","Stimmt","正确","सही"],was:["It was…","Es war …","其实是…","यह था…"],none:["None of these","Nichts davon","都不是","इनमें से कोई नहीं"],consent:["Your drawing, the answer and what you say about it will be saved, so that the model can get better. No name is saved.","Die Zeichnung, die Antwort und was du dazu sagst werden gespeichert, damit das Modell besser werden kann. Ein Name wird nicht gespeichert.","您的绘图、答案和您的反馈将被保存，以便改进模型。不保存姓名。","आपका चित्र, उत्तर और उस पर आपकी बात सहेजी जाएगी, ताकि मॉडल बेहतर हो सके। कोई नाम नहीं सहेजा जाता।"],agree:["Save it","Speichern","保存","सहेजें"],refuse:["No, thanks","Nein, danke","不，谢谢","नहीं, धन्यवाद"],saving:["Saving…","Wird gespeichert …","正在保存…","सहेजा जा रहा है…"],thanks:["Thank you. Saved as: {label}","Danke. Gespeichert als: {label}","谢谢。已保存为：{label}","धन्यवाद। सहेजा गया: {label}"],which:["Which one is it?","Was ist es?","这是哪一个？","यह कौन-सा है?"],learnt:["Learnt: {label}","Gelernt: {label}","已学会：{label}","सीखा: {label}"],undone:["Removed again.","Wieder entfernt.","已撤回。","वापस ले लिया गया।"],undo:["Take back","Zurücknehmen","撤回","वापस लें"],comment:["Comment","Kommentar","评论","टिप्पणी"],retry:["Try again","Noch einmal","重试","फिर कोशिश करें"],busy:["Python is busy. It gets what you said as soon as it is free.","Python ist beschäftigt. Es bekommt, was du gesagt hast, sobald es frei ist.","Python 正忙。一旦空闲，就会收到您的反馈。","Python व्यस्त है। ख़ाली होते ही उसे आपकी बात मिल जाएगी।"],gone:["Python does not answer, so nothing may have been saved. It was probably restarted: run this cell again.","Python antwortet nicht; vielleicht wurde nichts gespeichert. Wohl wurde es neu gestartet: führe diese Zelle noch einmal aus.","Python 没有回应，反馈可能未保存。它可能已重启：请重新运行这个单元格。","Python जवाब नहीं दे रहा; हो सकता है कुछ सहेजा न गया हो। शायद वह फिर से शुरू हुआ: यह सेल फिर से चलाएँ।"]}};var A=(a,i)=>a?.answered===i.answered&&a.drawn===i.drawn&&a.result===i.result,V=(a,i,h={})=>a[W.languages.indexOf(i)].replace(/\{(\w+)\}/g,(c,r)=>String(h[r]));function X(a,i,h,c){let r=a.createElement("button");return r.type="button",r.textContent=i,c&&c!==i&&(r.ariaLabel=r.title=c),r.addEventListener("click",h),r}function ee(a){let i=a.createElement("p");return i.role="status",i.tabIndex=-1,i}function O(a,i,h,c={}){let r={...W.texts,...c},s,m="usual",D=null,x=0,T=()=>{},p=!1,_,$="",d=a.createElement("div");d.className="dw-feedback",d.role="group";let f=ee(a),b=a.createElement("div");d.append(f,b);let n=(e,t="")=>V(r[e],s.voice.language,{label:t}),l=(e,t,o="")=>X(a,e,t,o),N=()=>x>s.saved.number;function g(e){m=e,G(s);let t=b.querySelector("input")??b.querySelector("button");(e==="usual"?f:t??f).focus()}function v(e,t){x=Math.max(x+1,s.saved.number+1,Date.now()),T=()=>v(e,t),H(),i({number:x,does:e,consents:s.saved.consented,...t}),g("usual")}function H(){p=!1,clearTimeout(_),_=setTimeout(()=>{p=N(),p&&h()},M.slow_ms)}function y(e,t=s.saved.consented){D=e,t?v("say",{...s.of,target:e,consents:t}):g("consent")}function J(e,t){let o=s.saved.taught[t],u=l(e,()=>y(t),`${s.voice.aloud(e)} (${o})`);return o&&u.append(` ${o}`),u}function K(){let e=a.createElement("form"),t=a.createElement("input");t.maxLength=2e3,t.ariaLabel=t.placeholder=n("comment");let o=a.createElement("button");return o.textContent=n("agree"),e.append(t,o),e.addEventListener("submit",u=>{u.preventDefault(),v("comment",{comment:t.value})}),[e]}function U(){let{saved:e,of:t,labels:o,prediction:u,voice:k,consent:S,teaches:P,saves:w,isHere:E,isGone:C}=s,z=e.state==="saved"&&A(e.of,t),Z=e.state==="undone"&&A(e.of,t),j=e.label?k.aloud(e.label):n("none"),q=()=>l(n("undo"),()=>v("undo")),F=L=>[l(n("retry"),L)];if(m==="consent")return[E?`${S} ${n("consent")}`.trim():S||n("consent"),()=>[l(n("agree"),()=>y(D,!0)),l(n("refuse"),()=>g("usual"))]];if(m==="which")return[n("was"),()=>[...o.map((L,Y)=>l(L,()=>y(Y),k.aloud(L))),l(n("none"),()=>y(null))]];if(m==="comment")return[n("comment"),K];let I=l(n("was"),()=>g("which"));return N()?p?[n(C?"gone":"busy"),()=>F(T)]:[n("saving"),()=>[]]:e.state==="failed"&&A(e.of??t,t)?[e.error??"",()=>e.retries?F(()=>v("retry")):[I]]:P?[z?n(w?"thanks":"learnt",j):n(Z?"undone":"which"),()=>[...o.map(J),...z?[q()]:[]]]:z?[n("thanks",j),()=>[q(),l(n("comment"),()=>g("comment")),I]]:[n(Z?"undone":"ask"),()=>[l(n("right"),()=>y(u)),I]]}d.addEventListener("keydown",e=>{e.key==="Escape"&&m!=="usual"&&g("usual")});function G(e){let t=s&&!A(s.of,e.of);s=e,(t||!s.isAnswered)&&(m="usual"),p&&=N(),d.ariaLabel=n("ask"),d.dataset.empty=String(!s.isAnswered),d.inert=!s.isAnswered;let[o,u]=U(),{labels:k,prediction:S,voice:P,saved:w}=s,E=JSON.stringify([m,o,k,S,P.language,w.state,w.taught,p]);if(E===$)return;$=E;let C=b.contains(a.activeElement);f.textContent!==o&&(f.textContent=o),f.lang=w.state==="failed"&&o===w.error?"en":"",b.replaceChildren(...u()),C&&f.focus()}return{element:d,show:G,get isSlow(){return p}}}var R=`.digit-widget .dw-feedback {
  flex: 1 0 100%;
  contain: inline-size; /* never wider than the rest */
  min-height: 64px;

  p {
    margin: 0;
    outline: none;
  }

  :is(div, form) {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }

  div {
    margin-top: 6px;
  }

  form {
    flex: 1;
  }

  input {
    flex: 1 1 12em;
    max-width: 24em;
    min-height: 32px;
    box-sizing: border-box;
    padding: 4px 8px;
    font: inherit;
    color: inherit;
    background: transparent;
    border: 1px solid var(--dw-frame);
    border-radius: var(--dw-corner);
  }
}

.digit-widget[data-panel="none"] :is(.dw-feedback, .dw-corrections) {
  display: none;
}

/* A page of its own: below what is asked, what was kept. Its place stays. */
.digit-widget .dw-corrections {
  flex: 1 0 100%;
  contain: inline-size;
}

.digit-widget .dw-kept {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px 10px;
  min-height: 32px;
  margin-top: 12px;

  p {
    margin: 0;
    outline: none;
    overflow-wrap: anywhere;
  }

  div {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
}
`;function de(a,i,h){let c=O(a,i,h),r=a.createElement("style");return r.textContent=R,c.element.prepend(r),c}export{de as createFeedback};
