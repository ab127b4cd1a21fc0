var q={size:280,pen_width:16,smallest:160,largest:600,slow_ms:1e3,no_answer:"🤔"};function F(t,a){t.textContent!==a&&(t.textContent=a)}var X=t=>t.split(/\{(\w+)\}/),ee=(t,a)=>X(t).map((l,r)=>r%2?String(a[l]??""):l).join(""),te=({languages:t,texts:a},l,r)=>a[r][t.indexOf(l)],R=(t,a,l,r={})=>ee(te(t,a,l),r);var T={languages:["en","de","zh","hi"],texts:{ask:["Is the answer right?","Stimmt die Antwort?","答案对吗？","क्या उत्तर सही है?"],right:["Right","Stimmt","正确","सही"],was:["It was…","Es war …","其实是…","यह था…"],none:["None of these","Nichts davon","都不是","इनमें से कोई नहीं"],consent:["Your drawing, the answer and what you say about it will be saved, so that the model can get better. No name is saved.","Die Zeichnung, die Antwort und was du dazu sagst werden gespeichert, damit das Modell besser werden kann. Ein Name wird nicht gespeichert.","您的绘图、答案和您的反馈将被保存，以便改进模型。不保存姓名。","आपका चित्र, उत्तर और उस पर आपकी बात सहेजी जाएगी, ताकि मॉडल बेहतर हो सके। कोई नाम नहीं सहेजा जाता।"],agree:["Save it","Speichern","保存","सहेजें"],refuse:["No, thanks","Nein, danke","不，谢谢","नहीं, धन्यवाद"],saving:["Saving…","Wird gespeichert …","正在保存…","सहेजा जा रहा है…"],thanks:["Thank you. Saved as: {label}","Danke. Gespeichert als: {label}","谢谢。已保存为：{label}","धन्यवाद। सहेजा गया: {label}"],which:["Which one is it?","Was ist es?","这是哪一个？","यह कौन-सा है?"],learnt:["Learnt: {label}","Gelernt: {label}","已学会：{label}","सीखा: {label}"],undone:["Removed again.","Wieder entfernt.","已撤回。","वापस ले लिया गया।"],undo:["Take back","Zurücknehmen","撤回","वापस लें"],comment:["Comment","Kommentar","评论","टिप्पणी"],retry:["Try again","Noch einmal","重试","फिर कोशिश करें"],busy:["Python is busy. It gets what you said as soon as it is free.","Python ist beschäftigt. Es bekommt, was du gesagt hast, sobald es frei ist.","Python 正忙。一旦空闲，就会收到您的反馈。","Python व्यस्त है। ख़ाली होते ही उसे आपकी बात मिल जाएगी।"],gone:["Python does not answer, so nothing may have been saved. It was probably restarted: run this cell again.","Python antwortet nicht; vielleicht wurde nichts gespeichert. Wohl wurde es neu gestartet: führe diese Zelle noch einmal aus.","Python 没有回应，反馈可能未保存。它可能已重启：请重新运行这个单元格。","Python जवाब नहीं दे रहा; हो सकता है कुछ सहेजा न गया हो। शायद वह फिर से शुरू हुआ: यह सेल फिर से चलाएँ।"]}};var N=(t,a)=>t?.answered===a.answered&&t.drawn===a.drawn&&t.result===a.result;function ae(t,a,l,r){let c=t.createElement("button");return c.type="button",c.textContent=a,r&&r!==a&&(c.ariaLabel=c.title=r),c.addEventListener("click",l),c}function se(t){let a=t.createElement("p");return a.role="status",a.tabIndex=-1,a}function H(t,a,l,r={}){let c={...T,texts:{...T.texts,...r}},o,m="usual",W=null,y=0,D=()=>{},f=!1,O,$="",u=t.createElement("div");u.className="dw-feedback",u.role="group";let h=se(t),b=t.createElement("div");u.append(h,b);let s=(e,n="")=>R(c,o.voice.language,e,{label:n}),d=(e,n,i="")=>ae(t,e,n,i),A=()=>y>o.saved.number;function w(e){m=e,_(o);let n=b.querySelector("input")??b.querySelector("button");(e==="usual"?h:n??h).focus()}function x(e,n){y=Math.max(y+1,o.saved.number+1,Date.now()),D=()=>x(e,n),K(),a({number:y,does:e,consents:o.saved.consented,...n}),w("usual")}function K(){f=!1,clearTimeout(O),O=setTimeout(()=>{f=A(),f&&l()},q.slow_ms)}function v(e,n=o.saved.consented){W=e,n?x("say",{...o.of,target:e,consents:n}):w("consent")}function U(e,n){let i=o.saved.taught[n],p=d(e,()=>v(n),`${o.voice.aloud(e)} (${i})`);return i&&p.append(` ${i}`),p}function Y(){let e=t.createElement("form"),n=t.createElement("input");n.maxLength=2e3,n.ariaLabel=n.placeholder=s("comment");let i=t.createElement("button");return i.textContent=s("agree"),e.append(n,i),e.addEventListener("submit",p=>{p.preventDefault(),x("comment",{comment:n.value})}),[e]}function B(){let{saved:e,of:n,labels:i,prediction:p,voice:k,consent:S,teaches:P,saves:g,isHere:E,isGone:C}=o,z=e.state==="saved"&&N(e.of,n),j=e.state==="undone"&&N(e.of,n),G=e.label?k.aloud(e.label):s("none"),M=()=>d(s("undo"),()=>x("undo")),Z=L=>[d(s("retry"),L)];if(m==="consent")return[E?`${S} ${s("consent")}`.trim():S||s("consent"),()=>[d(s("agree"),()=>v(W,!0)),d(s("refuse"),()=>w("usual"))]];if(m==="which")return[s("was"),()=>[...i.map((L,Q)=>d(L,()=>v(Q),k.aloud(L))),d(s("none"),()=>v(null))]];if(m==="comment")return[s("comment"),Y];let I=d(s("was"),()=>w("which"));return A()?f?[s(C?"gone":"busy"),()=>Z(D)]:[s("saving"),()=>[]]:e.state==="failed"&&N(e.of??n,n)?[e.error??"",()=>e.retries?Z(()=>x("retry")):[I]]:P?[z?s(g?"thanks":"learnt",G):s(j?"undone":"which"),()=>[...i.map(U),...z?[M()]:[]]]:z?[s("thanks",G),()=>[M(),d(s("comment"),()=>w("comment")),I]]:[s(j?"undone":"ask"),()=>[d(s("right"),()=>v(p)),I]]}u.addEventListener("keydown",e=>{e.key==="Escape"&&m!=="usual"&&w("usual")});function _(e){let n=o&&!N(o.of,e.of);o=e,(n||!o.isAnswered)&&(m="usual"),f&&=A(),u.ariaLabel=s("ask"),u.dataset.empty=String(!o.isAnswered),u.inert=!o.isAnswered;let[i,p]=B(),{labels:k,prediction:S,voice:P,saved:g}=o,E=JSON.stringify([m,i,k,S,P.language,g.state,g.taught,f]);if(E===$)return;$=E;let C=b.contains(t.activeElement);F(h,i),h.lang=g.state==="failed"&&i===g.error?"en":"",b.replaceChildren(...p()),C&&h.focus()}return{element:u,show:_,get isSlow(){return f}}}var J=`.digit-widget .dw-feedback {
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
`;function be(t,a,l){let r=H(t,a,l),c=t.createElement("style");return c.textContent=J,r.element.prepend(c),r}export{be as createFeedback};
