var y={languages:["en","de","zh","hi"],texts:{ask:["Is the answer right?","Stimmt die Antwort?","答案对吗？","क्या उत्तर सही है?"],right:["Right","Stimmt","正确","सही"],was:["It was…","Es war …","其实是…","यह था…"],none:["None of these","Nichts davon","都不是","इनमें से कोई नहीं"],consent:["Your drawing, the answer and what you say about it will be saved, so that the model can get better. No name is saved.","Die Zeichnung, die Antwort und was du dazu sagst werden gespeichert, damit das Modell besser werden kann. Ein Name wird nicht gespeichert.","您的绘图、答案和您的反馈将被保存，以便改进模型。不保存姓名。","आपका चित्र, उत्तर और उस पर आपकी बात सहेजी जाएगी, ताकि मॉडल बेहतर हो सके। कोई नाम नहीं सहेजा जाता।"],agree:["Save it","Speichern","保存","सहेजें"],refuse:["No, thanks","Nein, danke","不，谢谢","नहीं, धन्यवाद"],saving:["Saving…","Wird gespeichert …","正在保存…","सहेजा जा रहा है…"],thanks:["Thank you. Saved as {label}.","Danke. Gespeichert als {label}.","谢谢。已保存为 {label}。","धन्यवाद। {label} के रूप में सहेजा गया।"],undone:["Removed again.","Wieder entfernt.","已撤回。","वापस ले लिया गया।"],undo:["Take back","Zurücknehmen","撤回","वापस लें"],comment:["Comment","Kommentar","评论","टिप्पणी"],retry:["Try again","Noch einmal","重试","फिर कोशिश करें"]}};var C=`.digit-widget .dw-feedback {
  flex: 1 0 100%;
  contain: inline-size; /* never wider than the rest */
  min-height: 64px;

  p {
    margin: 0;
    outline: none;
  }

  div {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    margin-top: 6px;
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
`;var b=(r,m)=>r?.answered===m.answered&&r.drawn===m.drawn&&r.result===m.result;function Z(r,m){let t,l="usual",x=null,g=0,E="",d=r.createElement("div");d.className="dw-feedback",d.role="group";let S=r.createElement("style");S.textContent=C;let c=r.createElement("p");c.role="status",c.tabIndex=-1;let f=r.createElement("div");d.append(S,c,f);function a(e,n=""){return y.texts[e][y.languages.indexOf(t.voice.language)].replace("{label}",()=>n)}function i(e,n,s){let o=r.createElement("button");return o.type="button",o.textContent=e,s&&s!==e&&(o.ariaLabel=o.title=s),o.addEventListener("click",n),o}function u(e){l=e,N(t);let n=f.querySelector("input")??f.querySelector("button");(e==="usual"?c:n??c).focus()}function h(e,n){g=Math.max(g+1,t.saved.number+1,Date.now()),m({number:g,does:e,consents:t.saved.consented,...n}),u("usual")}function w(e,n=t.saved.consented){x=e,n?h("say",{...t.of,target:e,consents:n}):u("consent")}function A(){let e=r.createElement("input");e.maxLength=2e3,e.ariaLabel=e.placeholder=a("comment");let n=()=>h("comment",{comment:e.value});return e.addEventListener("keydown",s=>{s.stopPropagation(),s.key==="Enter"?n():s.key==="Escape"&&u("usual")}),[e,i(a("agree"),n)]}function z(){let{saved:e,of:n,labels:s,prediction:o,voice:p,consent:v}=t,D=e.state==="saved"&&b(e.of,n);if(l==="consent")return[v||a("consent"),()=>[i(a("agree"),()=>w(x,!0)),i(a("refuse"),()=>u("usual"))]];if(l==="which")return[a("was"),()=>[...s.map((L,T)=>i(L,()=>w(T),p.aloud(L))),i(a("none"),()=>w(null))]];if(l==="comment")return[a("comment"),A];let k=i(a("was"),()=>u("which"));if(g>e.number)return[a("saving"),()=>[]];if(e.state==="failed"&&b(e.of??n,n))return[e.error??"",()=>e.waiting?[i(a("retry"),()=>h("retry"))]:[k]];if(D)return[a("thanks",p.aloud(e.label??"")),()=>[i(a("undo"),()=>h("undo")),i(a("comment"),()=>u("comment")),k]];let I=e.state==="undone"&&b(e.of,n);return[a(I?"undone":"ask"),()=>[i(a("right"),()=>w(o)),k]]}d.addEventListener("keydown",e=>{e.key==="Escape"&&l!=="usual"&&u("usual")});function N(e){let n=t&&!b(t.of,e.of);t=e,(n||!t.isAnswered)&&(l="usual"),d.ariaLabel=a("ask"),d.dataset.empty=String(!t.isAnswered),d.inert=!t.isAnswered;let[s,o]=z(),p=JSON.stringify([l,s,t.labels,t.prediction,t.voice.language,t.saved.state]);if(p===E)return;E=p;let v=f.contains(r.activeElement);c.textContent!==s&&(c.textContent=s),c.lang=t.saved.state==="failed"?"en":"",f.replaceChildren(...o()),v&&c.focus()}return{element:d,show:N}}export{Z as createFeedback};
