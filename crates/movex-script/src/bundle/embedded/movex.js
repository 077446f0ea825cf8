// What npm movex 0.1.6 exports and a reducer may use. Its client is not here: what is asked for beyond this is made
// up when the app is loaded, and says so when it is called.
export {
  toResourceIdentifierObj as toRidAsObj,
  toResourceIdentifierStr as toRidAsStr,
  isResourceIdentifier as isRid,
  isResourceIdentifierOfType as isRidOfType,
  isSameResourceIdentifier as isSameRid,
} from 'movex:core-util';
