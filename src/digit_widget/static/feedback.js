var k={languages:["en","de","zh","hi"],texts:{ask:["Is the answer right?","Stimmt die Antwort?","答案对吗？","क्या उत्तर सही है?"],right:["Right","Stimmt","正确","सही"],was:["It was…","Es war …","其实是…","यह था…"],none:["None of these","Nichts davon","都不是","इनमें से कोई नहीं"],consent:["Your drawing, the answer and what you say about it will be saved, so that the model can get better. No name is saved.","Die Zeichnung, die Antwort und was du dazu sagst werden gespeichert, damit das Modell besser werden kann. Ein Name wird nicht gespeichert.","您的绘图、答案和您的反馈将被保存，以便改进模型。不保存姓名。","आपका चित्र, उत्तर और उस पर आपकी बात सहेजी जाएगी, ताकि मॉडल बेहतर हो सके। कोई नाम नहीं सहेजा जाता।"],agree:["Save it","Speichern","保存","सहेजें"],refuse:["No, thanks","Nein, danke","不，谢谢","नहीं, धन्यवाद"],saving:["Saving…","Wird gespeichert …","正在保存…","सहेजा जा रहा है…"],thanks:["Thank you. Saved as: {label}","Danke. Gespeichert als: {label}","谢谢。已保存为：{label}","धन्यवाद। सहेजा गया: {label}"],undone:["Removed again.","Wieder entfernt.","已撤回。","वापस ले लिया गया।"],undo:["Take back","Zurücknehmen","撤回","वापस लें"],comment:["Comment","Kommentar","评论","टिप्पणी"],retry:["Try again","Noch einmal","重试","फिर कोशिश करें"]}};var C=`.digit-widget .dw-feedback {
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

.digit-widget[data-panel="none"] .dw-feedback {
  display: none;
}
`;var b=(r,m)=>r?.answered===m.answered&&r.drawn===m.drawn&&r.result===m.result;function Z(r,m){let a,d="usual",y=null,h=0,E="",c=r.createElement("div");c.className="dw-feedback",c.role="group";let S=r.createElement("style");S.textContent=C;let o=r.createElement("p");o.role="status",o.tabIndex=-1;let f=r.createElement("div");c.append(S,o,f);function t(e,n=""){return k.texts[e][k.languages.indexOf(a.voice.language)].replace("{label}",()=>n)}function l(e,n,s){let i=r.createElement("button");return i.type="button",i.textContent=e,s&&s!==e&&(i.ariaLabel=i.title=s),i.addEventListener("click",n),i}function u(e){d=e,N(a);let n=f.querySelector("input")??f.querySelector("button");(e==="usual"?o:n??o).focus()}function g(e,n){h=Math.max(h+1,a.saved.number+1,Date.now()),m({number:h,does:e,consents:a.saved.consented,...n}),u("usual")}function w(e,n=a.saved.consented){y=e,n?g("say",{...a.of,target:e,consents:n}):u("consent")}function A(){let e=r.createElement("form"),n=r.createElement("input");n.maxLength=2e3,n.ariaLabel=n.placeholder=t("comment");let s=r.createElement("button");return s.textContent=t("agree"),e.append(n,s),e.addEventListener("submit",i=>{i.preventDefault(),g("comment",{comment:n.value})}),[e]}function z(){let{saved:e,of:n,labels:s,prediction:i,voice:p,consent:v}=a,D=e.state==="saved"&&b(e.of,n);if(d==="consent")return[v||t("consent"),()=>[l(t("agree"),()=>w(y,!0)),l(t("refuse"),()=>u("usual"))]];if(d==="which")return[t("was"),()=>[...s.map((L,T)=>l(L,()=>w(T),p.aloud(L))),l(t("none"),()=>w(null))]];if(d==="comment")return[t("comment"),A];let x=l(t("was"),()=>u("which"));if(h>e.number)return[t("saving"),()=>[]];if(e.state==="failed"&&b(e.of??n,n))return[e.error??"",()=>e.waiting?[l(t("retry"),()=>g("retry"))]:[x]];if(D)return[t("thanks",e.label?p.aloud(e.label):t("none")),()=>[l(t("undo"),()=>g("undo")),l(t("comment"),()=>u("comment")),x]];let I=e.state==="undone"&&b(e.of,n);return[t(I?"undone":"ask"),()=>[l(t("right"),()=>w(i)),x]]}c.addEventListener("keydown",e=>{e.key==="Escape"&&d!=="usual"&&u("usual")});function N(e){let n=a&&!b(a.of,e.of);a=e,(n||!a.isAnswered)&&(d="usual"),c.ariaLabel=t("ask"),c.dataset.empty=String(!a.isAnswered),c.inert=!a.isAnswered;let[s,i]=z(),p=JSON.stringify([d,s,a.labels,a.prediction,a.voice.language,a.saved.state]);if(p===E)return;E=p;let v=f.contains(r.activeElement);o.textContent!==s&&(o.textContent=s),o.lang=a.saved.state==="failed"?"en":"",f.replaceChildren(...i()),v&&o.focus()}return{element:c,show:N}}export{Z as createFeedback};
