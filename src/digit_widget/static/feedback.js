var M={size:280,pen_width:16,smallest:160,largest:600,slow_ms:1e3,no_answer:"🤔"};var V=n=>n.split(/\{(\w+)\}/),O=(n,s)=>V(n).map((l,c)=>c%2?String(s[l]??""):l).join("");var W={languages:["en","de","zh","hi"],texts:{ask:["Is the answer right?","Stimmt die Antwort?","答案对吗？","क्या उत्तर सही है?"],right:["Right","Stimmt","正确","सही"],was:["It was…","Es war …","其实是…","यह था…"],none:["None of these","Nichts davon","都不是","इनमें से कोई नहीं"],consent:["Your drawing, the answer and what you say about it will be saved, so that the model can get better. No name is saved.","Die Zeichnung, die Antwort und was du dazu sagst werden gespeichert, damit das Modell besser werden kann. Ein Name wird nicht gespeichert.","您的绘图、答案和您的反馈将被保存，以便改进模型。不保存姓名。","आपका चित्र, उत्तर और उस पर आपकी बात सहेजी जाएगी, ताकि मॉडल बेहतर हो सके। कोई नाम नहीं सहेजा जाता।"],agree:["Save it","Speichern","保存","सहेजें"],refuse:["No, thanks","Nein, danke","不，谢谢","नहीं, धन्यवाद"],saving:["Saving…","Wird gespeichert …","正在保存…","सहेजा जा रहा है…"],thanks:["Thank you. Saved as: {label}","Danke. Gespeichert als: {label}","谢谢。已保存为：{label}","धन्यवाद। सहेजा गया: {label}"],which:["Which one is it?","Was ist es?","这是哪一个？","यह कौन-सा है?"],learnt:["Learnt: {label}","Gelernt: {label}","已学会：{label}","सीखा: {label}"],undone:["Removed again.","Wieder entfernt.","已撤回。","वापस ले लिया गया।"],undo:["Take back","Zurücknehmen","撤回","वापस लें"],comment:["Comment","Kommentar","评论","टिप्पणी"],retry:["Try again","Noch einmal","重试","फिर कोशिश करें"],busy:["Python is busy. It gets what you said as soon as it is free.","Python ist beschäftigt. Es bekommt, was du gesagt hast, sobald es frei ist.","Python 正忙。一旦空闲，就会收到您的反馈。","Python व्यस्त है। ख़ाली होते ही उसे आपकी बात मिल जाएगी।"],gone:["Python does not answer, so nothing may have been saved. It was probably restarted: run this cell again.","Python antwortet nicht; vielleicht wurde nichts gespeichert. Wohl wurde es neu gestartet: führe diese Zelle noch einmal aus.","Python 没有回应，反馈可能未保存。它可能已重启：请重新运行这个单元格。","Python जवाब नहीं दे रहा; हो सकता है कुछ सहेजा न गया हो। शायद वह फिर से शुरू हुआ: यह सेल फिर से चलाएँ।"]}};var A=(n,s)=>n?.answered===s.answered&&n.drawn===s.drawn&&n.result===s.result,ee=(n,s,l={})=>O(n[W.languages.indexOf(s)],l);function te(n,s,l,c){let r=n.createElement("button");return r.type="button",r.textContent=s,c&&c!==s&&(r.ariaLabel=r.title=c),r.addEventListener("click",l),r}function ne(n){let s=n.createElement("p");return s.role="status",s.tabIndex=-1,s}function R(n,s,l,c={}){let r={...W.texts,...c},i,p="usual",D=null,y=0,T=()=>{},h=!1,$,_="",u=n.createElement("div");u.className="dw-feedback",u.role="group";let f=ne(n),b=n.createElement("div");u.append(f,b);let a=(e,t="")=>ee(r[e],i.voice.language,{label:t}),d=(e,t,o="")=>te(n,e,t,o),N=()=>y>i.saved.number;function w(e){p=e,j(i);let t=b.querySelector("input")??b.querySelector("button");(e==="usual"?f:t??f).focus()}function v(e,t){y=Math.max(y+1,i.saved.number+1,Date.now()),T=()=>v(e,t),J(),s({number:y,does:e,consents:i.saved.consented,...t}),w("usual")}function J(){h=!1,clearTimeout($),$=setTimeout(()=>{h=N(),h&&l()},M.slow_ms)}function x(e,t=i.saved.consented){D=e,t?v("say",{...i.of,target:e,consents:t}):w("consent")}function K(e,t){let o=i.saved.taught[t],m=d(e,()=>x(t),`${i.voice.aloud(e)} (${o})`);return o&&m.append(` ${o}`),m}function U(){let e=n.createElement("form"),t=n.createElement("input");t.maxLength=2e3,t.ariaLabel=t.placeholder=a("comment");let o=n.createElement("button");return o.textContent=a("agree"),e.append(t,o),e.addEventListener("submit",m=>{m.preventDefault(),v("comment",{comment:t.value})}),[e]}function Y(){let{saved:e,of:t,labels:o,prediction:m,voice:k,consent:S,teaches:P,saves:g,isHere:E,isGone:C}=i,z=e.state==="saved"&&A(e.of,t),G=e.state==="undone"&&A(e.of,t),Z=e.label?k.aloud(e.label):a("none"),q=()=>d(a("undo"),()=>v("undo")),F=L=>[d(a("retry"),L)];if(p==="consent")return[E?`${S} ${a("consent")}`.trim():S||a("consent"),()=>[d(a("agree"),()=>x(D,!0)),d(a("refuse"),()=>w("usual"))]];if(p==="which")return[a("was"),()=>[...o.map((L,B)=>d(L,()=>x(B),k.aloud(L))),d(a("none"),()=>x(null))]];if(p==="comment")return[a("comment"),U];let I=d(a("was"),()=>w("which"));return N()?h?[a(C?"gone":"busy"),()=>F(T)]:[a("saving"),()=>[]]:e.state==="failed"&&A(e.of??t,t)?[e.error??"",()=>e.retries?F(()=>v("retry")):[I]]:P?[z?a(g?"thanks":"learnt",Z):a(G?"undone":"which"),()=>[...o.map(K),...z?[q()]:[]]]:z?[a("thanks",Z),()=>[q(),d(a("comment"),()=>w("comment")),I]]:[a(G?"undone":"ask"),()=>[d(a("right"),()=>x(m)),I]]}u.addEventListener("keydown",e=>{e.key==="Escape"&&p!=="usual"&&w("usual")});function j(e){let t=i&&!A(i.of,e.of);i=e,(t||!i.isAnswered)&&(p="usual"),h&&=N(),u.ariaLabel=a("ask"),u.dataset.empty=String(!i.isAnswered),u.inert=!i.isAnswered;let[o,m]=Y(),{labels:k,prediction:S,voice:P,saved:g}=i,E=JSON.stringify([p,o,k,S,P.language,g.state,g.taught,h]);if(E===_)return;_=E;let C=b.contains(n.activeElement);f.textContent!==o&&(f.textContent=o),f.lang=g.state==="failed"&&o===g.error?"en":"",b.replaceChildren(...m()),C&&f.focus()}return{element:u,show:j,get isSlow(){return h}}}var H=`.digit-widget .dw-feedback {
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
`;function he(n,s,l){let c=R(n,s,l),r=n.createElement("style");return r.textContent=H,c.element.prepend(r),c}export{he as createFeedback};
