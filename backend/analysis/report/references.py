"""The literature that the methods paragraph cites, by key."""

REFERENCES = {
    "baur2018": "Baur C, Albarqouni S, Navab N. Generating highly realistic images of skin lesions with "
    "GANs. In: OR 2.0 Context-Aware Operating Theaters, Computer Assisted Robotic Endoscopy, Clinical "
    "Image-Based Procedures, and Skin Image Analysis. Springer; 2018. p. 260-267.",
    "clopper1934": "Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the "
    "case of the binomial. Biometrika. 1934;26:404-413.",
    "cohen1960": "Cohen J. A coefficient of agreement for nominal scales. Educ Psychol Meas. 1960;20:37-46.",
    "conger1980": "Conger AJ. Integration and generalization of kappas for multiple raters. Psychol Bull. "
    "1980;88:322-328.",
    "delong1988": "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more "
    "correlated receiver operating characteristic curves: a nonparametric approach. Biometrics. "
    "1988;44:837-845.",
    "fleiss1971": "Fleiss JL. Measuring nominal scale agreement among many raters. Psychol Bull. "
    "1971;76:378-382.",
    "gallas2006": "Gallas BD. One-shot estimate of MRMC variance: AUC. Acad Radiol. 2006;13:353-362.",
    "gwet2008": "Gwet KL. Computing inter-rater reliability and its variance in the presence of high "
    "agreement. Br J Math Stat Psychol. 2008;61:29-48.",
    "gwet2014": "Gwet KL. Handbook of inter-rater reliability. 4th ed. Advanced Analytics; 2014.",
    "hautus1995": "Hautus MJ. Corrections for extreme proportions and their biasing effects on estimated "
    "values of d'. Behav Res Methods Instrum Comput. 1995;27:46-51.",
    "hillis2007": "Hillis SL. A comparison of denominator degrees of freedom methods for multiple observer "
    "ROC analysis. Stat Med. 2007;26:596-619.",
    "holm1979": "Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat. "
    "1979;6:65-70.",
    "krippendorff2004": "Krippendorff K. Content analysis: an introduction to its methodology. 2nd ed. "
    "Sage; 2004.",
    "light1971": "Light RJ. Measures of response agreement for qualitative data: some generalizations and "
    "alternatives. Psychol Bull. 1971;76:365-377.",
    "mancl2001": "Mancl LA, DeRouen TA. A covariance estimator for GEE with improved small-sample "
    "properties. Biometrics. 2001;57:126-134.",
    "mann1947": "Mann HB, Whitney DR. On a test of whether one of two random variables is stochastically "
    "larger than the other. Ann Math Stat. 1947;18:50-60.",
    "mcnemar1947": "McNemar Q. Note on the sampling error of the difference between correlated proportions "
    "or percentages. Psychometrika. 1947;12:153-157.",
    "obuchowski1995": "Obuchowski NA, Rockette HE. Hypothesis testing of diagnostic accuracy for multiple "
    "readers and multiple tests: an ANOVA approach with dependent observations. Commun Stat Simul Comput. "
    "1995;24:285-308.",
    "phipson2010": "Phipson B, Smyth GK. Permutation p-values should never be zero: calculating exact "
    "p-values when permutations are randomly drawn. Stat Appl Genet Mol Biol. 2010;9:39.",
    "prentice1986": "Prentice RL. Binary regression using an extended beta-binomial distribution, with "
    "discussion of correlation induced by covariate measurement errors. J Am Stat Assoc. 1986;81:321-327.",
    "satterthwaite1946": "Satterthwaite FE. An approximate distribution of estimates of variance components. "
    "Biometrics Bull. 1946;2:110-114.",
    "schuirmann1987": "Schuirmann DJ. A comparison of the two one-sided tests procedure and the power "
    "approach for assessing the equivalence of average bioavailability. J Pharmacokinet Biopharm. "
    "1987;15:657-680.",
    "wilson1927": "Wilson EB. Probable inference, the law of succession, and statistical inference. J Am "
    "Stat Assoc. 1927;22:209-212.",
}
