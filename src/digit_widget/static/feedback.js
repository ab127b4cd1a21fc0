var F={size:280,pen_width:16,smallest:160,largest:600,slow_ms:1e3,no_answer:"🤔"};var V=t=>t.split(/\{(\w+)\}/),X=(t,s)=>V(t).map((l,r)=>r%2?String(s[l]??""):l).join(""),ee=({languages:t,texts:s},l,r)=>s[r][t.indexOf(l)],M=(t,s,l,r={})=>X(ee(t,s,l),r);var W={languages:["en","de","zh","hi"],texts:{ask:["Is the answer right?","Stimmt die Antwort?","答案对吗？","क्या उत्तर सही है?"],right:["Right","Stimmt","正确","सही"],was:["It was…","Es war …","其实是…","यह था…"],none:["None of these","Nichts davon","都不是","इनमें से कोई नहीं"],consent:["Your drawing, the answer and what you say about it will be saved, so that the model can get better. No name is saved.","Die Zeichnung, die Antwort und was du dazu sagst werden gespeichert, damit das Modell besser werden kann. Ein Name wird nicht gespeichert.","您的绘图、答案和您的反馈将被保存，以便改进模型。不保存姓名。","आपका चित्र, उत्तर और उस पर आपकी बात सहेजी जाएगी, ताकि मॉडल बेहतर हो सके। कोई नाम नहीं सहेजा जाता।"],agree:["Save it","Speichern","保存","सहेजें"],refuse:["No, thanks","Nein, danke","不，谢谢","नहीं, धन्यवाद"],saving:["Saving…","Wird gespeichert …","正在保存…","सहेजा जा रहा है…"],thanks:["Thank you. Saved as: {label}","Danke. Gespeichert als: {label}","谢谢。已保存为：{label}","धन्यवाद। सहेजा गया: {label}"],which:["Which one is it?","Was ist es?","这是哪一个？","यह कौन-सा है?"],learnt:["Learnt: {label}","Gelernt: {label}","已学会：{label}","सीखा: {label}"],undone:["Removed again.","Wieder entfernt.","已撤回。","वापस ले लिया गया।"],undo:["Take back","Zurücknehmen","撤回","वापस लें"],comment:["Comment","Kommentar","评论","टिप्पणी"],retry:["Try again","Noch einmal","重试","फिर कोशिश करें"],busy:["Python is busy. It gets what you said as soon as it is free.","Python ist beschäftigt. Es bekommt, was du gesagt hast, sobald es frei ist.","Python 正忙。一旦空闲，就会收到您的反馈。","Python व्यस्त है। ख़ाली होते ही उसे आपकी बात मिल जाएगी।"],gone:["Python does not answer, so nothing may have been saved. It was probably restarted: run this cell again.","Python antwortet nicht; vielleicht wurde nichts gespeichert. Wohl wurde es neu gestartet: führe diese Zelle noch einmal aus.","Python 没有回应，反馈可能未保存。它可能已重启：请重新运行这个单元格。","Python जवाब नहीं दे रहा; हो सकता है कुछ सहेजा न गया हो। शायद वह फिर से शुरू हुआ: यह सेल फिर से चलाएँ।"]}};var A=(t,s)=>t?.answered===s.answered&&t.drawn===s.drawn&&t.result===s.result;function ne(t,s,l,r){let c=t.createElement("button");return c.type="button",c.textContent=s,r&&r!==s&&(c.ariaLabel=c.title=r),c.addEventListener("click",l),c}function ae(t){let s=t.createElement("p");return s.role="status",s.tabIndex=-1,s}function R(t,s,l,r={}){let c={...W,texts:{...W.texts,...r}},i,m="usual",D=null,y=0,O=()=>{},h=!1,T,$="",u=t.createElement("div");u.className="dw-feedback",u.role="group";let f=ae(t),b=t.createElement("div");u.append(f,b);let a=(e,n="")=>M(c,i.voice.language,e,{label:n}),d=(e,n,o="")=>ne(t,e,n,o),N=()=>y>i.saved.number;function w(e){m=e,_(i);let n=b.querySelector("input")??b.querySelector("button");(e==="usual"?f:n??f).focus()}function x(e,n){y=Math.max(y+1,i.saved.number+1,Date.now()),O=()=>x(e,n),J(),s({number:y,does:e,consents:i.saved.consented,...n}),w("usual")}function J(){h=!1,clearTimeout(T),T=setTimeout(()=>{h=N(),h&&l()},F.slow_ms)}function v(e,n=i.saved.consented){D=e,n?x("say",{...i.of,target:e,consents:n}):w("consent")}function K(e,n){let o=i.saved.taught[n],p=d(e,()=>v(n),`${i.voice.aloud(e)} (${o})`);return o&&p.append(` ${o}`),p}function U(){let e=t.createElement("form"),n=t.createElement("input");n.maxLength=2e3,n.ariaLabel=n.placeholder=a("comment");let o=t.createElement("button");return o.textContent=a("agree"),e.append(n,o),e.addEventListener("submit",p=>{p.preventDefault(),x("comment",{comment:n.value})}),[e]}function Y(){let{saved:e,of:n,labels:o,prediction:p,voice:k,consent:S,teaches:P,saves:g,isHere:E,isGone:C}=i,z=e.state==="saved"&&A(e.of,n),j=e.state==="undone"&&A(e.of,n),G=e.label?k.aloud(e.label):a("none"),Z=()=>d(a("undo"),()=>x("undo")),q=L=>[d(a("retry"),L)];if(m==="consent")return[E?`${S} ${a("consent")}`.trim():S||a("consent"),()=>[d(a("agree"),()=>v(D,!0)),d(a("refuse"),()=>w("usual"))]];if(m==="which")return[a("was"),()=>[...o.map((L,B)=>d(L,()=>v(B),k.aloud(L))),d(a("none"),()=>v(null))]];if(m==="comment")return[a("comment"),U];let I=d(a("was"),()=>w("which"));return N()?h?[a(C?"gone":"busy"),()=>q(O)]:[a("saving"),()=>[]]:e.state==="failed"&&A(e.of??n,n)?[e.error??"",()=>e.retries?q(()=>x("retry")):[I]]:P?[z?a(g?"thanks":"learnt",G):a(j?"undone":"which"),()=>[...o.map(K),...z?[Z()]:[]]]:z?[a("thanks",G),()=>[Z(),d(a("comment"),()=>w("comment")),I]]:[a(j?"undone":"ask"),()=>[d(a("right"),()=>v(p)),I]]}u.addEventListener("keydown",e=>{e.key==="Escape"&&m!=="usual"&&w("usual")});function _(e){let n=i&&!A(i.of,e.of);i=e,(n||!i.isAnswered)&&(m="usual"),h&&=N(),u.ariaLabel=a("ask"),u.dataset.empty=String(!i.isAnswered),u.inert=!i.isAnswered;let[o,p]=Y(),{labels:k,prediction:S,voice:P,saved:g}=i,E=JSON.stringify([m,o,k,S,P.language,g.state,g.taught,h]);if(E===$)return;$=E;let C=b.contains(t.activeElement);f.textContent!==o&&(f.textContent=o),f.lang=g.state==="failed"&&o===g.error?"en":"",b.replaceChildren(...p()),C&&f.focus()}return{element:u,show:_,get isSlow(){return h}}}var H=`.digit-widget .dw-feedback {
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
`;function fe(t,s,l){let r=R(t,s,l),c=t.createElement("style");return c.textContent=H,r.element.prepend(c),r}export{fe as createFeedback};
