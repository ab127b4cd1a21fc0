var L={languages:["en","de","zh","hi"],texts:{ask:["Is the answer right?","Stimmt die Antwort?","答案对吗？","क्या उत्तर सही है?"],right:["Right","Stimmt","正确","सही"],was:["It was…","Es war …","其实是…","यह था…"],none:["None of these","Nichts davon","都不是","इनमें से कोई नहीं"],consent:["Your drawing, the answer and what you say about it will be saved, so that the model can get better. No name is saved.","Die Zeichnung, die Antwort und was du dazu sagst werden gespeichert, damit das Modell besser werden kann. Ein Name wird nicht gespeichert.","您的绘图、答案和您的反馈将被保存，以便改进模型。不保存姓名。","आपका चित्र, उत्तर और उस पर आपकी बात सहेजी जाएगी, ताकि मॉडल बेहतर हो सके। कोई नाम नहीं सहेजा जाता।"],agree:["Save it","Speichern","保存","सहेजें"],refuse:["No, thanks","Nein, danke","不，谢谢","नहीं, धन्यवाद"],saving:["Saving…","Wird gespeichert …","正在保存…","सहेजा जा रहा है…"],thanks:["Thank you. Saved as: {label}","Danke. Gespeichert als: {label}","谢谢。已保存为：{label}","धन्यवाद। सहेजा गया: {label}"],which:["Which one is it?","Was ist es?","这是哪一个？","यह कौन-सा है?"],learnt:["Learnt: {label}","Gelernt: {label}","已学会：{label}","सीखा: {label}"],undone:["Removed again.","Wieder entfernt.","已撤回。","वापस ले लिया गया।"],undo:["Take back","Zurücknehmen","撤回","वापस लें"],comment:["Comment","Kommentar","评论","टिप्पणी"],retry:["Try again","Noch einmal","重试","फिर कोशिश करें"]}};var T=`.digit-widget .dw-feedback {
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
`;var x=(i,f)=>i?.answered===f.answered&&i.drawn===f.drawn&&i.result===f.result;function K(i,f){let a,d="usual",N=null,g=0,C="",c=i.createElement("div");c.className="dw-feedback",c.role="group";let A=i.createElement("style");A.textContent=T;let l=i.createElement("p");l.role="status",l.tabIndex=-1;let h=i.createElement("div");c.append(A,l,h);function t(e,n=""){return L.texts[e][L.languages.indexOf(a.voice.language)].replace("{label}",()=>n)}function o(e,n,s){let r=i.createElement("button");return r.type="button",r.textContent=e,s&&s!==e&&(r.ariaLabel=r.title=s),r.addEventListener("click",n),r}function u(e){d=e,z(a);let n=h.querySelector("input")??h.querySelector("button");(e==="usual"?l:n??l).focus()}function w(e,n){g=Math.max(g+1,a.saved.number+1,Date.now()),f({number:g,does:e,consents:a.saved.consented,...n}),u("usual")}function p(e,n=a.saved.consented){N=e,n?w("say",{...a.of,target:e,consents:n}):u("consent")}function $(e,n){let s=a.saved.taught[n],r=o(e,()=>p(n),`${a.voice.aloud(e)} (${s})`);return s&&r.append(` ${s}`),r}function q(){let e=i.createElement("form"),n=i.createElement("input");n.maxLength=2e3,n.ariaLabel=n.placeholder=t("comment");let s=i.createElement("button");return s.textContent=t("agree"),e.append(n,s),e.addEventListener("submit",r=>{r.preventDefault(),w("comment",{comment:n.value})}),[e]}function F(){let{saved:e,of:n,labels:s,prediction:r,voice:b,consent:y,teaches:E,saves:v}=a,m=e.state==="saved"&&x(e.of,n),k=e.state==="undone"&&x(e.of,n),D=e.label?b.aloud(e.label):t("none"),W=()=>o(t("undo"),()=>w("undo"));if(d==="consent")return[y||t("consent"),()=>[o(t("agree"),()=>p(N,!0)),o(t("refuse"),()=>u("usual"))]];if(d==="which")return[t("was"),()=>[...s.map((I,G)=>o(I,()=>p(G),b.aloud(I))),o(t("none"),()=>p(null))]];if(d==="comment")return[t("comment"),q];let S=o(t("was"),()=>u("which"));return g>e.number?[t("saving"),()=>[]]:e.state==="failed"&&x(e.of??n,n)?[e.error??"",()=>e.waiting?[o(t("retry"),()=>w("retry"))]:[S]]:E?[m?t(v?"thanks":"learnt",D):t(k?"undone":"which"),()=>[...s.map($),...m?[W()]:[]]]:m?[t("thanks",D),()=>[W(),o(t("comment"),()=>u("comment")),S]]:[t(k?"undone":"ask"),()=>[o(t("right"),()=>p(r)),S]]}c.addEventListener("keydown",e=>{e.key==="Escape"&&d!=="usual"&&u("usual")});function z(e){let n=a&&!x(a.of,e.of);a=e,(n||!a.isAnswered)&&(d="usual"),c.ariaLabel=t("ask"),c.dataset.empty=String(!a.isAnswered),c.inert=!a.isAnswered;let[s,r]=F(),{labels:b,prediction:y,voice:E,saved:v}=a,m=JSON.stringify([d,s,b,y,E.language,v.state,v.taught]);if(m===C)return;C=m;let k=h.contains(i.activeElement);l.textContent!==s&&(l.textContent=s),l.lang=a.saved.state==="failed"?"en":"",h.replaceChildren(...r()),k&&l.focus()}return{element:c,show:z}}export{K as createFeedback};
