// Binary data in text.

/** @param {string} text  base64 @returns {Uint8Array} */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
