/** A request as it is sent, and what it is about. */
export interface RequestShape {
  readonly from: string;
  /** Method, path with its prefix, and query, as on the wire. */
  readonly request: string;
  /** As `showTarget` of the spec writes it. */
  readonly target: string;
  /** The filter, as `formatFilter` writes it; empty without one. */
  readonly filter: string;
  /** The other options: `select=Name; top=5`. */
  readonly options: string;
}

/**
 * Requests as public scripts, modules, tools and documentation send them: source, request, target, filter, options.
 * Hosts are left out, variables are filled in. Sources: "usage", "overview", "custom" = Microsoft's documentation of
 * the administration service (usage, overview, custom properties); "Burkard" = joshburkard/MECMAdminService;
 * "Gross" = AdamGrossTX/ConfigMgr.AdminService; "hunter" = garrettfoster13/sccmhunter; "sheet" = a public fact sheet
 * for 2603; "preview" = Microsoft's notes on a technical preview; "o.js", "@odata/client", "odata-query" = npm packages;
 * "docs#1735" = SCCMdocs issue; "OData" = the URL conventions of OData 4.0; "MemberClassName" = the class that this
 * property of a collection names; "unnamed" = scripts seen without the name of their repository; "tolerated" = not seen,
 * and wrong, but clear.
 */
const TABLE = String.raw`
usage | GET /AdminService/wmi/SMS_Site | wmi SMS_Site
sheet | GET /adminservice/wmi/sms_site | wmi sms_site
Burkard | GET /AdminService/v1.0/AdministrationServiceInformation | v1.0 AdministrationServiceInformation
usage | GET /AdminService/wmi/ | wmi
overview | GET /AdminService/v1.0/ | v1.0
OData | GET /AdminService | all
OData | GET /AdminService/$metadata | all $metadata
overview | GET /AdminService/v1.0/$metadata | v1.0 $metadata
usage | GET /AdminService/wmi/$metadata | wmi $metadata
OData | GET /AdminService/wmi/%24metadata?$format=xml | wmi $metadata |  | format=xml
hunter | GET /adminservice/wmi/ | wmi
sheet | GET /AdminService_TokenAuth/wmi/SMS_Site | wmi SMS_Site
overview | GET /CCM_Proxy_MutualAuth/72057594037927941/AdminService/wmi/SMS_Site | wmi SMS_Site
usage | GET /AdminService/wmi/SMS_R_System(16777219) | wmi SMS_R_System [16777219]
usage | GET /AdminService/v1.0/Device(16777219) | v1.0 Device [16777219]
Burkard | GET /AdminService/wmi/SMS_Collection('ABC00200') | wmi SMS_Collection ['ABC00200']
Burkard | GET /AdminService/wmi/SMS_Scripts('A1B2C3D4-0000-4000-8000-00000000000A') | wmi SMS_Scripts ['A1B2C3D4-0000-4000-8000-00000000000A']
Burkard | GET /AdminService/wmi/SMS_CollectionSettings('ABC00200') | wmi SMS_CollectionSettings ['ABC00200']
Burkard | GET /AdminService/wmi/SMS_MachineSettings(16777219) | wmi SMS_MachineSettings [16777219]
hunter | GET /AdminService/wmi/SMS_Scripts/A1B2C3D4-0000-4000-8000-00000000000A | wmi SMS_Scripts [~A1B2C3D4-0000-4000-8000-00000000000A]
hunter | GET /AdminService/wmi/SMS_Collection/ABC00200 | wmi SMS_Collection [~ABC00200]
hunter | GET /AdminService/v1.0/Script/A1B2C3D4-0000-4000-8000-00000000000A | v1.0 Script [~A1B2C3D4-0000-4000-8000-00000000000A]
hunter | GET /AdminService/wmi/SMS_Application(16777530) | wmi SMS_Application [16777530]
hunter | GET /AdminService/wmi/SMS_Admin(16777234) | wmi SMS_Admin [16777234]
Gross | GET /AdminService/wmi/SMS_UserMachineRelationship(25165825) | wmi SMS_UserMachineRelationship [25165825]
OData | GET /AdminService/wmi/SMS_Collection(%27ABC00200%27) | wmi SMS_Collection ['ABC00200']
OData | GET /AdminService/wmi/SMS_R_User('O''Brien') | wmi SMS_R_User ['O'Brien']
OData | GET /AdminService/wmi/SMS_ConfigurationItem('ScopeId_A%2FApplication_B%2F8') | wmi SMS_ConfigurationItem ['ScopeId_A/Application_B/8']
tolerated | GET /AdminService/wmi/SMS_ConfigurationItem('ScopeId_A/Application_B/8') | wmi SMS_ConfigurationItem ['ScopeId_A/Application_B/8']
OData | GET /AdminService/wmi/SMS_Scripts(guid'A1B2C3D4-0000-4000-8000-00000000000A') | wmi SMS_Scripts ['A1B2C3D4-0000-4000-8000-00000000000A']
OData | GET /AdminService/wmi/SMS_Scripts(A1B2C3D4-0000-4000-8000-00000000000A) | wmi SMS_Scripts ['A1B2C3D4-0000-4000-8000-00000000000A']
OData | GET /AdminService/wmi/SMS_FullCollectionMembership(CollectionID='ABC00200',ResourceID=16777219) | wmi SMS_FullCollectionMembership [CollectionID='ABC00200', ResourceID=16777219]
OData | GET /AdminService/wmi/SMS_FullCollectionMembership(%20ResourceID%20=%2016777219%20,%20CollectionID=%27ABC00200%27) | wmi SMS_FullCollectionMembership [ResourceID=16777219, CollectionID='ABC00200']
OData | GET /AdminService/wmi/SMS_Site('ABC')/SiteName | wmi SMS_Site ['ABC'] .SiteName
OData | GET /AdminService/wmi/SMS_R_System/$count | wmi SMS_R_System count
OData | GET /AdminService/wmi/SMS_R_System/$count?$filter=Client%20eq%201 | wmi SMS_R_System count | Client eq 1
usage | GET /AdminService/wmi/SMS_Collection?$filter=startswith(Name,'All') eq true | wmi SMS_Collection | startswith(Name,'All')
hunter | GET /AdminService/wmi/SMS_FullCollectionMembership?$filter=CollectionID%20eq%20'ABC00200' | wmi SMS_FullCollectionMembership | CollectionID eq 'ABC00200'
Burkard | GET /AdminService/wmi/SMS_FullCollectionMembership?$filter=CollectionID eq 'ABC00200' and ResourceID eq 16777219 | wmi SMS_FullCollectionMembership | CollectionID eq 'ABC00200' and ResourceID eq 16777219
Burkard | GET /AdminService/wmi/SMS_ScriptsExecutionStatus?$filter=ClientOperationId eq 16777301 | wmi SMS_ScriptsExecutionStatus | ClientOperationId eq 16777301
Burkard | GET /AdminService/wmi/SMS_MachineSettings?$filter=ResourceID eq 16777219 | wmi SMS_MachineSettings | ResourceID eq 16777219
Burkard | GET /AdminService/wmi/SMS_Scripts?$filter=ScriptGuid eq 'A1B2C3D4-0000-4000-8000-00000000000A' | wmi SMS_Scripts | ScriptGuid eq 'A1B2C3D4-0000-4000-8000-00000000000A'
Gross | GET /AdminService/v1.0/Device?$filter=Name+eq+%27MAC-01%27 | v1.0 Device | Name eq 'MAC-01'
Gross | GET /AdminService/v1.0/Device?$filter=Name+eq+%27MAC-01%27andSerialNumber+eq+%27C02%27 | v1.0 Device | Name eq 'MAC-01' and SerialNumber eq 'C02'
Gross | GET /AdminService/wmi/SMS_Collection?$filter=CollectionType+eq+%272%27&$select=Name,CollectionID | wmi SMS_Collection | CollectionType eq '2' | select=Name,CollectionID
Gross | GET /AdminService/wmi/SMS_R_System?$filter=Name+eq+%27a%27andClient+eq+%271%27andActive+eq+%271%27 | wmi SMS_R_System | Name eq 'a' and Client eq '1' and Active eq '1'
o.js | GET /AdminService/wmi/SMS_R_System?%24filter=Name%20eq%20'MAC-01'&%24top=5 | wmi SMS_R_System | Name eq 'MAC-01' | top=5
o.js | GET /AdminService/wmi/SMS_R_System?%24orderby=Name%20desc&%24skip=10&%24count=true | wmi SMS_R_System |  | orderBy=Name desc; skip=10; count=true
@odata/client | GET /AdminService/wmi/SMS_Collection?$filter=Name%20eq%20'All%20Systems'&$format=json&$count=true | wmi SMS_Collection | Name eq 'All Systems' | format=json; count=true
hunter | GET /AdminService/wmi/SMS_Admin/?$filter=LogonName%20eq%20'CORP%5Calice' | wmi SMS_Admin | LogonName eq 'CORP\alice'
hunter | GET /AdminService/wmi/SMS_Admin?$filter=RoleNames/any(role: role eq 'Full Administrator')&$select=LogonName | wmi SMS_Admin | RoleNames/any(role: role eq 'Full Administrator') | select=LogonName
hunter | GET /AdminService/wmi/SMS_SCI_SCProperty?$filter=startswith(PropertyName, 'Global')&$select=Value1,Value2 | wmi SMS_SCI_SCProperty | startswith(PropertyName,'Global') | select=Value1,Value2
hunter | GET /AdminService/wmi/SMS_Application?$filter=LocalizedDisplayName eq 'Safari' | wmi SMS_Application | LocalizedDisplayName eq 'Safari'
unnamed | GET /AdminService/v1.0/Device/?$filter=Name+eq+'MAC-01' | v1.0 Device | Name eq 'MAC-01'
unnamed | GET /AdminService/wmi/SMS_Package?$filter=startswith(Name,'Drivers -')&$select=Name,PackageID | wmi SMS_Package | startswith(Name,'Drivers -') | select=Name,PackageID
docs#1735 | GET /AdminService/wmi/SMS_R_System?$filter=Active eq 1&$select=Name | wmi SMS_R_System | Active eq 1 | select=Name
custom | GET /AdminService/wmi/SMS_G_System_ExtensionData?$filter=PropertyName eq 'AssetTag' and PropertyValue eq '0815' | wmi SMS_G_System_ExtensionData | PropertyName eq 'AssetTag' and PropertyValue eq '0815'
odata-query | GET /AdminService/wmi/SMS_R_System?$filter=((contains(Name,'lab')) and (not (Client eq 0))) | wmi SMS_R_System | contains(Name,'lab') and not Client eq 0
odata-query | GET /AdminService/wmi/SMS_R_System?$filter=ClientType in (1,3) or endswith(Name,'''s') | wmi SMS_R_System | ClientType in (1,3) or endswith(Name,'''s')
odata-query | GET /AdminService/wmi/SMS_R_System?$filter=CreationDate ge 2026-11-21T10:00:00.000Z | wmi SMS_R_System | CreationDate ge 2026-11-21T10:00:00.000Z
OData | GET /AdminService/wmi/SMS_R_System?$filter=CreationDate lt 2026-11-21T10:00:00+01:00 | wmi SMS_R_System | CreationDate lt 2026-11-21T10:00:00+01:00
OData | GET /AdminService/wmi/SMS_R_System?$filter=CreationDate lt 2026-11-21T10:00:00%2B01:00 | wmi SMS_R_System | CreationDate lt 2026-11-21T10:00:00+01:00
OData | GET /AdminService/wmi/SMS_R_System?$filter=CreationDate gt datetime'2026-11-21T10:00:00' | wmi SMS_R_System | CreationDate gt '2026-11-21T10:00:00'
OData | GET /AdminService/wmi/SMS_R_System?$filter=CreationDate gt 2026-11-21 | wmi SMS_R_System | CreationDate gt 2026-11-21
OData | GET /AdminService/wmi/SMS_Scripts?$filter=ScriptGuid eq guid'A1B2C3D4-0000-4000-8000-00000000000A' | wmi SMS_Scripts | ScriptGuid eq 'A1B2C3D4-0000-4000-8000-00000000000A'
OData | GET /AdminService/wmi/SMS_Scripts?$filter=ScriptGuid eq A1B2C3D4-0000-4000-8000-00000000000A | wmi SMS_Scripts | ScriptGuid eq 'A1B2C3D4-0000-4000-8000-00000000000A'
OData | GET /AdminService/wmi/SMS_R_System?$filter=tolower(Name) eq 'mac-01' and Notes ne null | wmi SMS_R_System | tolower(Name) eq 'mac-01' and Notes ne null
OData | GET /AdminService/wmi/SMS_R_System?$filter=Obsolete and ClientType le -1 | wmi SMS_R_System | Obsolete and ClientType le -1
OData | GET /AdminService/wmi/SMS_R_System?$filter=IPAddresses/all(a: startswith(a,'10.')) | wmi SMS_R_System | IPAddresses/all(a: startswith(a,'10.'))
OData | GET /AdminService/wmi/SMS_R_System?$FILTER=NAME%20EQ%20'x'&$OrderBy=Name%20asc,ResourceId%20desc | wmi SMS_R_System | NAME eq 'x' | orderBy=Name asc,ResourceId desc
OData | GET /AdminService/wmi/SMS_R_System?$filter=Name eq 'a%26b%3Dc%2Bd e+f' | wmi SMS_R_System | Name eq 'a&b=c+d e f'
OData | GET /AdminService/wmi/SMS_R_System?$skiptoken=abc%3D%3D&$top=0 | wmi SMS_R_System |  | skipToken=abc==; top=0
OData | GET /AdminService/wmi/SMS_R_System?cache=no&$select=*&$format=application/json;odata.metadata=minimal | wmi SMS_R_System |  | select=*; format=json
hunter | GET /AdminService/wmi/SMS_Admin?$select=LogonName,RoleNames,CategoryNames | wmi SMS_Admin |  | select=LogonName,RoleNames,CategoryNames
usage | GET /AdminService/v1.0/Device(16777219)/ResourceCollectionMembership?$expand=Collection&$select=Collection | v1.0 Device [16777219] .ResourceCollectionMembership |  | expand=Collection; select=Collection
OData | GET /AdminService/v1.0/Device(16777219)/ResourceCollectionMembership/$count | v1.0 Device [16777219] .ResourceCollectionMembership count
usage | POST /AdminService/v1.0/Device(16777219)/AdminService.RunCMPivot | v1.0 Device [16777219] RunCMPivot()
usage | GET /AdminService/v1.0/Device(16777219)/AdminService.CMPivotResult(OperationId=16777301) | v1.0 Device [16777219] CMPivotResult(OperationId=16777301)
hunter | POST /AdminService/v1.0/Collections('ABC00200')/AdminService.RunCMPivot | v1.0 Collections ['ABC00200'] RunCMPivot()
hunter | GET /AdminService/v1.0/Device(16777219)/AdminService.ScriptResult(OperationId=16777301) | v1.0 Device [16777219] ScriptResult(OperationId=16777301)
hunter | POST /AdminService/v1.0/Device(16777219)/AdminService.RunScript | v1.0 Device [16777219] RunScript()
unnamed | GET /AdminService/v1.0/Collections('ABC00200')/AdminService.CMPivotResult(OperationId=16777301) | v1.0 Collections ['ABC00200'] CMPivotResult(OperationId=16777301)
unnamed | GET /AdminService/v1.0/Script?$filter=ScriptName eq 'Free space' | v1.0 Script | ScriptName eq 'Free space'
unnamed | GET /AdminService/v1.0/Script?$top=1 | v1.0 Script |  | top=1
unnamed | GET /AdminService/v1.0/ScriptStatus?$filter=ClientOperationId eq 16777301 | v1.0 ScriptStatus | ClientOperationId eq 16777301
unnamed | GET /AdminService/v1.0/DeviceScriptRunDetails?$filter=ClientOperationId eq 16777301 | v1.0 DeviceScriptRunDetails | ClientOperationId eq 16777301
unnamed | DELETE /AdminService/wmi/SMS_Scripts('A1B2C3D4-0000-4000-8000-00000000000A') | wmi SMS_Scripts ['A1B2C3D4-0000-4000-8000-00000000000A']
custom | POST /AdminService/v1.0/Device(16777219)/AdminService.SetExtensionData | v1.0 Device [16777219] SetExtensionData()
custom | GET /AdminService/v1.0/Device(16777219)/AdminService.GetExtensionData | v1.0 Device [16777219] GetExtensionData()
custom | GET /AdminService/v1.0/Device(16777219)/AdminService.GetExtensionData() | v1.0 Device [16777219] GetExtensionData()
custom | GET /AdminService/v1.0/Device(16777219)/AdminService.GetExtensionData(PropertyName='AssetTag') | v1.0 Device [16777219] GetExtensionData(PropertyName='AssetTag')
custom | POST /AdminService/v1.0/Device(16777219)/AdminService.DeleteExtensionData | v1.0 Device [16777219] DeleteExtensionData()
sheet | POST /AdminService/v1.0/Application(A1B2C3D4-0000-4000-8000-00000000000A)/AdminService.InstallApplication | v1.0 Application ['A1B2C3D4-0000-4000-8000-00000000000A'] InstallApplication()
Burkard | POST /AdminService/wmi/SMS_Collection('ABC00200')/AdminService.AddMembershipRule | wmi SMS_Collection ['ABC00200'] AddMembershipRule()
Gross | POST /AdminService/wmi/SMS_Collection('ABC00200')/AdminService.AddMembershipRules | wmi SMS_Collection ['ABC00200'] AddMembershipRules()
Burkard | POST /AdminService/wmi/SMS_Collection('ABC00200')/AdminService.DeleteMembershipRule | wmi SMS_Collection ['ABC00200'] DeleteMembershipRule()
Burkard | POST /AdminService/wmi/SMS_Collection('ABC00200')/AdminService.RequestRefresh | wmi SMS_Collection ['ABC00200'] RequestRefresh()
hunter | POST /AdminService/wmi/SMS_Scripts/A1B2C3D4-0000-4000-8000-00000000000A/AdminService.UpdateApprovalState | wmi SMS_Scripts [~A1B2C3D4-0000-4000-8000-00000000000A] UpdateApprovalState()
Gross | POST /AdminService/wmi/SMS_UserMachineRelationship(25165825)/AdminService.RemoveSource | wmi SMS_UserMachineRelationship [25165825] RemoveSource()
OData | POST /AdminService/wmi/SMS_Collection('ABC00200')/adminservice.requestrefresh | wmi SMS_Collection ['ABC00200'] requestrefresh()
usage | POST /AdminService/wmi/SMS_Admin.GetAdminExtendedData | wmi SMS_Admin::GetAdminExtendedData()
hunter | POST /AdminService/wmi/SMS_Scripts.CreateScripts/ | wmi SMS_Scripts::CreateScripts()
Gross | POST /AdminService/wmi//SMS_Scripts.CreateScripts | wmi SMS_Scripts::CreateScripts()
hunter | POST /AdminService/wmi/SMS_ClientOperation.InitiateClientOperation | wmi SMS_ClientOperation::InitiateClientOperation()
Burkard | POST /AdminService/wmi/SMS_ClientOperation.InitiateClientOperationEx | wmi SMS_ClientOperation::InitiateClientOperationEx()
Burkard | POST /AdminService/wmi/SMS_ClientOperation/InitiateClientOperationEx | wmi SMS_ClientOperation [~InitiateClientOperationEx]
Burkard | POST /AdminService/v1.0/Scripts.CreateScriptsOperation | v1.0 Scripts::CreateScriptsOperation()
hunter | GET /AdminService/wmi/SMS_Identification.GetProviderVersion | wmi SMS_Identification::GetProviderVersion()
OData | POST /AdminService/wmi/SMS_Scripts/AdminService.CreateScripts | wmi SMS_Scripts::CreateScripts()
Burkard | POST /AdminService/wmi/SMS_Collection | wmi SMS_Collection
Gross | POST /AdminService/wmi//SMS_Collection | wmi SMS_Collection
Burkard | DELETE /AdminService/wmi/SMS_Collection('ABC00200') | wmi SMS_Collection ['ABC00200']
hunter | DELETE /AdminService/wmi/SMS_ApplicationAssignment/16777250 | wmi SMS_ApplicationAssignment [~16777250]
Burkard | PUT /AdminService/wmi/SMS_CollectionSettings('ABC00200') | wmi SMS_CollectionSettings ['ABC00200']
overview | DELETE /AdminService/v1.0/NotificationSubscription/5 | v1.0 NotificationSubscription [~5]
custom | GET /AdminService/v1.0/Device/AdminService.GetExtensionData | v1.0 Device::GetExtensionData()
custom | POST /AdminService/v1.0/Device/AdminService.DeleteExtensionData | v1.0 Device::DeleteExtensionData()
preview | POST /AdminService/v1/ConsoleExtensionMetadata/AdminService.UploadExtension | v1.0 ConsoleExtensionMetadata::UploadExtension()
tolerated | GET /AdminService/v1/Device?$top=1 | v1.0 Device |  | top=1
unnamed | GET /AdminService/wmi/SMS_G_System_ExtensionData?$Select=ResourceID | wmi SMS_G_System_ExtensionData |  | select=ResourceID
unnamed | GET /AdminService/wmi/SMS_G_System_ExtensionData?$filter=PropertyName eq 'AssetTag'&$Select=ResourceID,PropertyName,PropertyValue | wmi SMS_G_System_ExtensionData | PropertyName eq 'AssetTag' | select=ResourceID,PropertyName,PropertyValue
unnamed | GET /AdminService/v1.0/Device/ | v1.0 Device
unnamed | GET /AdminService/wmi/SMS_UserMachineRelationship/ | wmi SMS_UserMachineRelationship
unnamed | GET /AdminService/wmi/SMS_UserMachineRelationship?%24top=129 | wmi SMS_UserMachineRelationship |  | top=129
unnamed | GET /AdminService/wmi/SMS_UserMachineRelationship?$filter=endswith%28UniqueUserName%2C%27alice%27%29&$select=UniqueUserName,ResourceName | wmi SMS_UserMachineRelationship | endswith(UniqueUserName,'alice') | select=UniqueUserName,ResourceName
unnamed | GET /AdminService/wmi/SMS_UserMachineRelationship?$filter=UniqueUserName%20eq%20'CORP%5Calice' | wmi SMS_UserMachineRelationship | UniqueUserName eq 'CORP\alice'
unnamed | POST /AdminService/wmi/SMS_UserMachineRelationship.CreateRelationship | wmi SMS_UserMachineRelationship::CreateRelationship()
unnamed | GET /AdminService/wmi/SMS_Identification.GetSiteID | wmi SMS_Identification::GetSiteID()
unnamed | GET /AdminService/wmi/SMS_Application?$filter=LocalizedDisplayName eq 'Safari' and IsLatest eq true | wmi SMS_Application | LocalizedDisplayName eq 'Safari' and IsLatest eq true
unnamed | GET /AdminService/wmi/SMS_CategoryInstance | wmi SMS_CategoryInstance
unnamed | GET /AdminService/wmi/SMS_Program | wmi SMS_Program
unnamed | GET /AdminService/wmi/SMS_R_System?$filter=contains(OperatingSystemNameandVersion,'Mac OS X') | wmi SMS_R_System | contains(OperatingSystemNameandVersion,'Mac OS X')
unnamed | GET /AdminService/wmi/SMS_R_SYSTEM?$filter=SID eq 'S-1-5-21-1'&$select=ResourceId | wmi SMS_R_SYSTEM | SID eq 'S-1-5-21-1' | select=ResourceId
unnamed | GET /AdminService/wmi/SMS_R_System?$filter=(Name eq 'MAC-01')&$select=ResourceId,Name | wmi SMS_R_System | Name eq 'MAC-01' | select=ResourceId,Name
unnamed | GET /AdminService/wmi/SMS_FullCollectionMembership?$filter=ResourceID%20eq%2016777219&$select=CollectionID | wmi SMS_FullCollectionMembership | ResourceID eq 16777219 | select=CollectionID
unnamed | GET /AdminService/wmi/SMS_Collection?$top=100&$select=CollectionID,Name,MemberCount,CollectionType,Comment,LimitToCollectionName&$orderby=Name | wmi SMS_Collection |  | top=100; select=CollectionID,Name,MemberCount,CollectionType,Comment,LimitToCollectionName; orderBy=Name
unnamed | GET /AdminService/wmi/SMS_Collection?$filter=startswith(Name,'Reclaim |') eq true | wmi SMS_Collection | startswith(Name,'Reclaim |')
unnamed | GET /AdminService/wmi/SMS_Collection?%24top=1 | wmi SMS_Collection |  | top=1
unnamed | GET /AdminService/wmi/SMS_Collection?$filter=CollectionID%20eq%20'ABC00200'&$select=CollectionID,Name,Comment,MemberCount | wmi SMS_Collection | CollectionID eq 'ABC00200' | select=CollectionID,Name,Comment,MemberCount
unnamed | DELETE /AdminService/wmi/SMS_R_System(16777219) | wmi SMS_R_System [16777219]
unnamed | GET /AdminService/wmi/SMS_R_System?$filter=ResourceID eq 16777219 | wmi SMS_R_System | ResourceID eq 16777219
MemberClassName | GET /AdminService/wmi/SMS_CM_RES_COLL_ABC00200 | wmi SMS_CM_RES_COLL_ABC00200
OData | GET /AdminService/wmi/SMS_Collection('ABC00200')?%24select=Name%2CCollectionRules | wmi SMS_Collection ['ABC00200'] |  | select=Name,CollectionRules
OData | GET /AdminService/wmi/SMS_R_System()?$filter=(ResourceId%20eq%2016777219)%20or%20(ResourceId%20eq%2016777220) | wmi SMS_R_System | ResourceId eq 16777219 or ResourceId eq 16777220
OData | GET /AdminService/wmi/SMS_Collection(CollectionID='ABC00200') | wmi SMS_Collection [CollectionID='ABC00200']
OData | GET /AdminService/wmi/SMS_R_System/?$filter=Name%20ne%20null%20and%20Name%20ne%20''&$top=5000 | wmi SMS_R_System | Name ne null and Name ne '' | top=5000
OData | GET /AdminService/wmi/SMS_CombinedDeviceResources?$filter=LastActiveTime%20ge%202026-11-21T10:00:00.0000000%2B01:00%20and%20IsClient%20eq%20True | wmi SMS_CombinedDeviceResources | LastActiveTime ge 2026-11-21T10:00:00.0000000+01:00 and IsClient eq true
OData | GET /AdminService/v1.0/Device?$select=Name&$expand=ResourceCollectionMembership&$top=1 | v1.0 Device |  | select=Name; expand=ResourceCollectionMembership; top=1
tolerated | GET /AdminService/wmi/SMS_R_System('16777219') | wmi SMS_R_System ['16777219']
tolerated | GET /AdminService/wmi/SMS_R_System?$filter=ResourceID eq '16777219' &$select= Name | wmi SMS_R_System | ResourceID eq '16777219' | select=Name
`;

export const requestShapes: readonly RequestShape[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [from = '', request = '', target = '', filter = '', options = ''] = line.split(' | ');
    return { from, request, target, filter, options };
  });
