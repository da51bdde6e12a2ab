//! Which texts are a civility ("Madame", "Herr Dr."), so that no letter greets anybody by something else.
//!
//! A closed list: a column called "Title" holds "VP Sales" as often as "Mr". What is not here greets nobody, and the letter
//! uses no name (rights.md, Voice). Abbreviations that are a job as well ("PR", "IR") are left out on purpose.

use unicode_normalization::UnicodeNormalization;

/// Words of a civility at most: "Frau Prof. Dr. Dr.".
const MOST: usize = 4;

/// In the languages of [`super::Language`], as [`plain`] writes them.
const WORDS: &[&str] = &[
    // Of several languages.
    "dr prof professor doctor doktor ing mag",
    // French.
    "m mr monsieur mme madame mlle mademoiselle me maitre docteur docteure professeur professeure",
    // English.
    "mister mrs ms miss mx sir madam dame lady lord rev reverend",
    // German.
    "herr herrn hr frau fr fraulein dipling",
    // Spanish.
    "sr sra srta senor senora senorita d dna don dona dra doctora profa profesor profesora",
    // Italian.
    "sig sigra signa sigrina signor signore signora signorina dott dottssa dottore dottoressa profssa professore professoressa avv avvocato",
    // Dutch.
    "dhr heer deheer meneer mijnheer mevr mevrouw mw mej mejuffrouw drs",
    // Portuguese.
    "srª exmo exma exmº exmª senhor senhora drª doutor doutora profª enga engª engº",
    // Polish.
    "pan pani inz",
    // Swedish, Danish, Norwegian.
    "fru froken frøken frk",
    // Finnish.
    "herra rouva neiti",
    // Czech and Slovak.
    "slecna judr mudr phdr rndr",
    // Romanian.
    "domnul doamna domnisoara dl dsoara",
    // Hungarian.
    "ur urno asszony holgy kisasszony",
    // Greek.
    "κυριοσ κυριε κυρια κ κα κοσ κε δεσποινισ δισ δρ",
    // Croatian.
    "gospodin gospođa gospoda gospođica g gđa gda gđica gdin",
    // Bulgarian.
    "господин госпожа госпожица гн гжа гца др проф",
];

/// Which of them may stand behind another: titles of a person who has been greeted already ("Frau Prof.", "Sr. D."). Two greetings
/// are for two people, or for nobody ("Madame, Monsieur").
const BEHIND: &[&str] = &[
    "dr prof professor doctor doktor ing mag dipling drs inz judr mudr phdr rndr rev reverend",
    "docteur docteure professeur professeure maitre d don dna dona dra doctora profa profesor profesora",
    "dott dottssa dottore dottoressa profssa professore professoressa avv avvocato drª doutor doutora profª enga engª engº δρ др проф",
];

/// Whether this is a civility, in any language of the house, in any case, with or without its dots: "M.", "Sig.ra", "Herr Dr.".
pub fn is_civility(text: &str) -> bool {
    if is_known(&plain(text)) {
        return true;
    }
    let words: Vec<String> = text.split_whitespace().map(plain).collect();
    let Some((first, behind)) = words.split_first() else {
        return false;
    };
    words.len() <= MOST && is_known(first) && behind.iter().all(|word| is_in(BEHIND, word))
}

fn is_known(word: &str) -> bool {
    is_in(WORDS, word)
}

fn is_in(words: &[&str], word: &str) -> bool {
    let mut all = words.iter().flat_map(|some| some.split(' '));
    all.any(|known| known == word)
}

/// Letters only, lower case, without accents; a sigma is the same at the end of a word.
fn plain(text: &str) -> String {
    let letters = text.nfd().filter(|c| c.is_alphanumeric());
    let lower = letters.flat_map(char::to_lowercase);
    lower.map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_its_own_and_a_job_is_none() {
        let civilities = "Sr. D.|Signor Dott.|M.|MME|Mlle|Mr|Mrs.|ms|Miss|Mx|Dr|Prof.|Herr|Frau Prof. Dr.|Sr.|Sra.|Sr.ª|Señora|Sig.|Sig.ra|Dott.ssa|Dhr.|Mevr.|De heer|Pan|Paní|Fröken|Frøken|Rouva|Slečna|D-na|Domnișoara|Κύριος|ΚΥΡΙΑ|κ.|Gđa|г-н|Госпожа| Madame ";
        for civility in civilities.split('|') {
            assert!(is_civility(civility), "{civility}");
        }
        let others = "VP Sales|Sr. Mgr|Sr Eng|Eng Mgr|Mgr|Madame, Monsieur|M. Mme|Mr Mrs|Director|Directrice|Head of Sales|PR|CEO|Mr & Mrs|M./Mme|Madame Dupont|Mr Mr Mr Mr Mr|Sehr geehrter Herr|| |-";
        for other in others.split('|') {
            assert!(!is_civility(other), "{other}");
        }
    }
}
